import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { homedir, userInfo } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Fault } from "@plinth/fault";
import { type Scope, UNIT } from "./unit.ts";

const run = promisify(execFile);

/** Starting waits for the daemon's process, stopping for its end: both take seconds on a busy machine. */
const ANSWER_MS_MAX = 90_000;

/** Whether systemd runs this machine (sd_booted(3)). */
export function isSystemdHere(): boolean {
  return existsSync("/run/systemd/system");
}

/** The service manager of the machine for root, and of their own for anybody else. */
export function ownScope(): Scope {
  return process.geteuid?.() === 0 ? "system" : "user";
}

export function unitFile(scope: Scope): string {
  if (scope === "system") return join("/etc/systemd/system", UNIT);
  const { XDG_CONFIG_HOME: config = "" } = process.env;
  return join(config.startsWith("/") ? config : join(homedir(), ".config"), "systemd/user", UNIT);
}

/** Whether this user's services run while nobody is logged in as them. */
export function lingers(): boolean {
  return existsSync(join("/var/lib/systemd/linger", userInfo().username));
}

/** Has the service manager do something; gives what it said. */
export async function systemctl(scope: Scope, ...words: readonly string[]): Promise<string> {
  const all = [...(scope === "user" ? ["--user"] : []), "--no-pager", "--no-ask-password", ...words];
  // Without a login session nobody has said where the user's own manager listens.
  const XDG_RUNTIME_DIR = process.env["XDG_RUNTIME_DIR"] ?? `/run/user/${process.geteuid?.()}`;
  try {
    const { stdout } = await run("systemctl", all, {
      timeout: ANSWER_MS_MAX,
      env: { ...process.env, XDG_RUNTIME_DIR },
    });
    return stdout.trim();
  } catch (error) {
    const { stderr = "", message } = error as Error & { stderr?: string };
    const said = stderr.trim().split("\n")[0];
    throw new Fault("unavailable", `Cannot run "systemctl ${words.join(" ")}": ${said || message}`, {
      cause: error,
    });
  }
}
