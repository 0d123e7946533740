/** plinthd. Ends with 0 when asked to shut down, so that whoever watches it lets it rest. */
import { closeSync, writeSync } from "node:fs";
import { flushCompileCache } from "node:module";
import { systemClock } from "@plinth/clock";
import { createLog } from "@plinth/log";
import { messageOf } from "@plinth/fault";
import { parseDaemonArguments } from "./arguments.ts";
import { EXIT_CANNOT_START, reportReadiness } from "./supervise.ts";

const READY_DESCRIPTOR = 3;
const log = createLog({ fields: { process: "daemon", pid: process.pid } });
// systemd passes no such descriptor: what has this number is Node's own.
const isService = process.argv.includes("--service");
const report = reportReadiness((text) => {
  if (isService) return;
  try {
    writeSync(READY_DESCRIPTOR, text);
    closeSync(READY_DESCRIPTOR);
  } catch {
    // Started by hand: nobody listens there.
  }
});

// Only a request to shut down ends with 0: a daemon that is merely terminated is started again.
const ended = new AbortController();
for (const [signal, exitCode] of [
  ["SIGTERM", 143],
  ["SIGINT", 130],
] as const) {
  process.once(signal, () => {
    process.exitCode = exitCode;
    ended.abort(new Error(`ended by ${signal}`));
  });
}
try {
  const options = parseDaemonArguments(process.argv.slice(2));
  const [{ startDaemon }, { detectNetwork, HostNetwork }] = await Promise.all([
    import("./daemon.ts"),
    import("@plinth/run"),
  ]);
  if (options.trial !== true) {
    await using daemon = await startDaemon(options, log, {
      detect: () => detectNetwork(),
      open: (home) => HostNetwork.open({ ...home, clock: systemClock, log }),
    });
    report.ready();
    // Written now and not at the end: a daemon that is killed leaves its successor a quick start all the same.
    flushCompileCache();
    ended.signal.addEventListener("abort", () => daemon.end(), { once: true });
    if (ended.signal.aborted) daemon.end();
    await daemon.ended;
  }
} catch (error) {
  log.error("cannot start", { error: messageOf(error) });
  report.failed(error);
  process.exitCode = EXIT_CANNOT_START;
}
