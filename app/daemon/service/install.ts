import { existsSync, readFileSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { type Clock, systemClock } from "@plinth/clock";
import { Fault } from "@plinth/fault";
import { writeFileDurably } from "@plinth/file";
import { INHERITED } from "@plinth/release";
import { createHome, homePaths } from "../home-paths.ts";
import { DAEMON_ENTRY, ensureDaemon, isDaemonUp, untilUp } from "../supervise.ts";
import { endDaemonAlone, refuseTerminal } from "../take-over.ts";
import { forgetService, writeService } from "./record.ts";
import { ownScope, systemctl, unitFile } from "./systemd.ts";
import { type Scope, UNIT, unitText } from "./unit.ts";

const UNIT_MODE = 0o644;

export interface InstallOptions {
  readonly home: string;
  /** Of whoever installs it: instances inherit from it what they would have from a supervisor's. */
  readonly environment: NodeJS.ProcessEnv;
  readonly clock?: Clock;
}

/** What `installService` found different, and changed. */
export interface Installation {
  readonly file: string;
  readonly scope: Scope;
  readonly changes: readonly ("unit" | "enabled" | "took-over" | "started" | "restarted")[];
}

/** The unit of a home, as it would be written. */
export function unitOf({ home, environment: given }: InstallOptions): string {
  const { compileCache, daemonLog } = homePaths(home);
  const command = [process.execPath, DAEMON_ENTRY];
  const environment: Record<string, string> = {};
  for (const name of ["PATH", ...INHERITED]) {
    const value = given[name];
    // A line's end would end the setting.
    if (value !== undefined && !/[\r\n]/.test(value)) environment[name] = value;
  }
  environment["NODE_COMPILE_CACHE"] = compileCache;
  return unitText({ scope: ownScope(), home, command, environment, log: daemonLog });
}

/** Has systemd keep this home's daemon running, in the place of whoever does so now. No instance and no request notices. */
export async function installService(options: InstallOptions): Promise<Installation> {
  const { home, clock = systemClock } = options;
  const scope = ownScope();
  const file = unitFile(scope);
  const changes: Installation["changes"][number][] = [];
  await createHome(homePaths(home));
  refuseOther(file, home);
  refuseTerminal(home);
  const text = unitOf(options);
  const isNew = !existsSync(file) || readFileSync(file, "utf8") !== text;
  if (isNew) {
    await mkdir(dirname(file), { recursive: true });
    await writeFileDurably(file, text, UNIT_MODE);
    await systemctl(scope, "daemon-reload");
    changes.push("unit");
  }
  if ((await systemctl(scope, "is-enabled", UNIT).catch(() => "disabled")) !== "enabled") {
    await systemctl(scope, "enable", UNIT);
    changes.push("enabled");
  }
  if (await isActive(scope)) {
    await writeService(home, { unit: UNIT, scope });
    if (isNew) {
      await systemctl(scope, "restart", UNIT);
      changes.push("restarted");
    }
  } else {
    const wasUp = await isDaemonUp(home);
    if (wasUp) await endDaemonAlone(home, clock);
    // From here on whoever finds no daemon has systemd start one.
    await writeService(home, { unit: UNIT, scope });
    try {
      await systemctl(scope, "start", UNIT);
      await untilUp(home, clock);
    } catch (error) {
      await removeUnit(home, scope);
      if (wasUp) await ensureDaemon({ home });
      throw error;
    }
    changes.push(wasUp ? "took-over" : "started");
  }
  await untilUp(home, clock);
  return { file, scope, changes };
}

/** Has systemd let go of this home's daemon, which ends; the proxy and all instances go on. False: there is no unit. */
export async function uninstallService(home: string): Promise<boolean> {
  const scope = ownScope();
  const file = unitFile(scope);
  if (!existsSync(file) || homeIn(file) !== home) {
    await forgetService(home);
    return false;
  }
  await removeUnit(home, scope);
  // Without its socket nobody waits for the next daemon: none is coming.
  const { daemonRecord, apiSocket } = homePaths(home);
  for (const path of [daemonRecord, apiSocket]) await rm(path, { force: true });
  return true;
}

async function removeUnit(home: string, scope: Scope): Promise<void> {
  await forgetService(home);
  await systemctl(scope, "disable", "--now", UNIT);
  await rm(unitFile(scope), { force: true });
  await systemctl(scope, "daemon-reload");
}

async function isActive(scope: Scope): Promise<boolean> {
  const state = await systemctl(scope, "show", "--property=ActiveState", "--value", UNIT);
  return state === "active" || state === "activating" || state === "reloading";
}

/** There is one unit of this name, and one home in it. */
function refuseOther(file: string, home: string): void {
  const other = existsSync(file) ? homeIn(file) : home;
  if (other === home) return;
  throw new Fault(
    "conflict",
    `Cannot write ${file}: ${other === undefined ? "somebody else wrote it" : `it is of the home "${other}"`}`,
    {
      hint:
        other === undefined
          ? "Look at it, and remove it if it is not needed."
          : `\`plinth uninstall --home ${other}\` takes that one away.`,
    },
  );
}

/** The home that a unit is of, as its daemon is told. */
function homeIn(file: string): string | undefined {
  const [, home] = /"--home" "((?:[^"\\]|\\.)*)"/.exec(readFileSync(file, "utf8")) ?? [];
  return home?.replaceAll("$$", "$").replaceAll("%%", "%").replaceAll(/\\(.)/g, "$1");
}
