import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { type Clock, systemClock } from "@plinth/clock";
import { Fault, messageOf } from "@plinth/fault";
import { homePaths } from "./home-paths.ts";
import { serviceOf } from "./service/record.ts";
import { systemctl } from "./service/systemd.ts";
import { DAEMON_ENTRY, ensureDaemon, untilUp } from "./supervise.ts";
import { endDaemon, endDaemonAlone, watcherOf } from "./take-over.ts";

/** To load a daemon's modules takes a second; a busy machine several. */
const TRIAL_MS_MAX = 30_000;
/** Of what a trial that fails has to say. */
const REASON_LINES = 4;

/**
 * Puts a daemon of the installed version in the place of the one that runs, and has who watches over it be of that version,
 * too. One that cannot even load is found out before: then the daemon that runs is left alone. The proxy and all
 * instances go on meanwhile.
 */
export async function upgradeDaemon(home: string, clock: Clock = systemClock): Promise<void> {
  await tryDaemon(home);
  try {
    const service = serviceOf(home);
    if (service !== undefined) await systemctl(service.scope, "restart", service.unit);
    else if (watcherOf(home)?.kind === "terminal") await endDaemon(home, clock);
    else {
      await endDaemonAlone(home, clock);
      await ensureDaemon({ home });
    }
    await untilUp(home, clock);
  } catch (error) {
    throw new Fault("unavailable", `Cannot upgrade the daemon: ${messageOf(error)}`, {
      cause: error,
      hint: "Apps and the proxy run on. Install the version that ran before, then run `plinth start`.",
    });
  }
}

/** Has a daemon of the installed version load all that it is made of; Fault "unavailable" with what it says. */
async function tryDaemon(home: string): Promise<void> {
  const child = spawn(process.execPath, [DAEMON_ENTRY, "--home", home, "--service", "none", "--trial"], {
    stdio: ["ignore", "pipe", "pipe"],
    cwd: "/",
    env: { ...process.env, NODE_COMPILE_CACHE: homePaths(home).compileCache },
    timeout: TRIAL_MS_MAX,
    killSignal: "SIGKILL",
  });
  const [said, complained, [code, signal]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close") as Promise<[number | null, string | null]>,
  ]);
  if (code === 0) return;
  const lines = `${said}\n${complained}`.split("\n").filter((line) => line.trim() !== "");
  const why = lines.slice(-REASON_LINES).join("\n    ");
  throw new Fault(
    "unavailable",
    `Cannot upgrade: the installed version's daemon does not start, it ended with ${signal ?? `exit code ${code}`}${why === "" ? "" : `:\n    ${why}`}`,
    { hint: "The daemon that ran runs on, as do the proxy and all apps. Install a version that starts." },
  );
}
