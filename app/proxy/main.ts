/** The proxy process: `main.ts --home DIR`, on Node or Bun. Writes its log to standard error. */
import { writeSync } from "node:fs";
import { systemClock } from "@plinth/clock";
import { messageOf } from "@plinth/fault";
import { createLog } from "@plinth/log";
import { parseArguments } from "./arguments.ts";
import { type HandOverMessage, receiveIdentities } from "./hand-over.ts";
import { ProxyProcess } from "./proxy-process.ts";

const log = createLog({ fields: { process: "proxy", pid: process.pid } });

/** Tells the proxy that started this one; it reads one line. */
function tell(message: HandOverMessage): void {
  writeSync(1, `${JSON.stringify(message)}\n`);
}

const takesOver = process.argv.includes("--inherit");
try {
  const options = parseArguments(process.argv.slice(2));
  const identities = takesOver ? await receiveIdentities() : undefined;
  const proxy = await ProxyProcess.start(options, systemClock, log, identities);
  process.on("SIGTERM", () => proxy.terminate());
  process.on("SIGINT", () => proxy.terminate());
  if (takesOver) tell({ serving: true });
} catch (error) {
  log.error("cannot start", { error: messageOf(error) });
  if (takesOver) tell({ serving: false, error: messageOf(error) });
  process.exitCode = 1;
}
