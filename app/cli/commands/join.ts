import { existsSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { homePaths, machineLabel } from "@plinth/daemon";
import { Fault } from "@plinth/fault";
import { joinFirstHost, readHostCredential, writeHostCredential } from "@plinth/hosts";
import { parseJoinToken } from "@plinth/identity";
import type { Context } from "../command.ts";
import { readMesh, readRuntime } from "../runtime.ts";
import { readSecretInput } from "../secret-input.ts";
import { startDaemon } from "../supervision.ts";
import { withTimeout } from "../timeout.ts";

const TOKEN_BYTES_MAX = 4096;
/** Between two looks at whether the first host has taken this one up. */
const POLL_MS = 100;

export async function run(context: Context): Promise<void> {
  const { output, client, home, clock, json } = context;
  const paths = homePaths(home);
  using deadline = withTimeout(context, "1m", "This machine did not become a host");
  const { signal } = deadline;
  const joined = await readHostCredential(paths.hostCredential);
  const mesh = readMesh(context);
  const proxyRuntime = readRuntime(context, "proxy-runtime");
  const apiPort = context.number("api-port");
  const again = context.is("again");
  if (joined === undefined || again) {
    if (
      await client.healthy({ signal }).then(
        () => true,
        () => false,
      )
    ) {
      throw new Fault("conflict", `Cannot join: Plinth is running in "${home}"`, {
        hint: "Stop it with plinth down --all, or choose another home with --home.",
      });
    }
    if (joined === undefined && existsSync(paths.settings)) {
      throw new Fault("conflict", `Cannot join: "${home}" is the home of a first host`, {
        hint: "Choose another home with --home, or remove this one.",
      });
    }
    const input = await readSecretInput(context, context.text("token-file"), "Join token", TOKEN_BYTES_MAX);
    const token = parseJoinToken(input.toString("utf8").trim());
    const host = context.text("name") ?? joined?.host ?? machineLabel();
    output.note(`Joining ${token.address} as ${host}`);
    const address = context.text("address");
    const credential = await joinFirstHost(token, { host, address, clock, signal });
    mkdirSync(dirname(paths.hostCredential), { recursive: true, mode: 0o700 });
    await writeHostCredential(paths.hostCredential, credential);
  }
  await startDaemon(
    {
      home,
      clock,
      signal,
      ...(apiPort === undefined ? {} : { apiPort }),
      ...(proxyRuntime === undefined ? {} : { proxyRuntime }),
      ...(mesh === undefined ? {} : { mesh }),
    },
    false,
  );
  const credential = await readHostCredential(paths.hostCredential);
  const { host = "", firstName = "", first = "" } = credential ?? {};
  for (;;) {
    const own = await client.get("Host", host, { signal }).catch(() => undefined);
    if (own?.status?.state === "Ready") break;
    await clock.sleep(POLL_MS, signal);
  }
  if (json) return output.json({ host, first: firstName, address: first });
  output.result(`${host} is a host of ${firstName} now`);
  output.note("Instances come here with the next deploy; `plinth down --all` here leaves again.");
}
