import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Clock } from "@plinth/clock";
import { Fault, messageOf } from "@plinth/fault";
import type { ProcessIdentity } from "@plinth/process";
import type { Init } from "../../init/init-file.ts";
import type { CgroupPlan } from "../cgroup/plan.ts";
import type { Hook, HookName, Process } from "../config.ts";
import { placeIn } from "../cgroup/place.ts";
import type { OciState } from "./status.ts";

/** What a failed hook said last is in the message; more of it is not kept. */
const SAID_BYTES_MAX = 4096;
const MS_PER_SECOND = 1000;

/** Runs one kind of hook, one after the other, in the runtime's own namespaces. Fault at the first that fails. */
export async function runHooks(
  name: HookName,
  hooks: readonly Hook[] | undefined,
  state: OciState,
  clock: Clock,
): Promise<void> {
  for (const [index, hook] of (hooks ?? []).entries())
    await runHook(`${name} hook #${index}`, hook, state, clock);
}

/** One after the other, whatever becomes of each: the specification only wants failures told. */
export async function runAllHooks(
  name: HookName,
  hooks: readonly Hook[] | undefined,
  state: OciState,
  { clock, warn }: { readonly clock: Clock; readonly warn: (message: string) => void },
): Promise<void> {
  for (const [index, hook] of (hooks ?? []).entries()) {
    try {
      await runHook(`${name} hook #${index}`, hook, state, clock);
    } catch (error) {
      warn(messageOf(error));
    }
  }
}

export interface InsideOptions {
  readonly id: string;
  readonly main: ProcessIdentity;
  readonly cgroup: CgroupPlan;
  /** Whose rights a hook has. */
  readonly process: Process;
  readonly init: Init;
  readonly clock: Clock;
}

/** One after the other in the namespaces of a container's first process, below what is its root by then. */
export async function runHooksInside(
  name: HookName,
  hooks: readonly Hook[],
  state: OciState,
  { id, main, cgroup, process, init, clock }: InsideOptions,
): Promise<void> {
  // Most containers have no such hooks, and what only looks after containers need not load it.
  const { execIn } = await import("../../container/exec.ts");
  for (const [index, hook] of hooks.entries()) {
    const what = `${name} hook #${index}`;
    const late = new AbortController();
    const cancel =
      hook.timeout === undefined
        ? undefined
        : clock.schedule(hook.timeout * MS_PER_SECOND, () => late.abort(tooLate(what, hook)));
    try {
      const command = await execIn(
        { id, main, cgroup: placeIn(cgroup) },
        {
          init,
          process: {
            ...process,
            terminal: false,
            cwd: "/",
            args: [hook.path, ...(hook.args ?? []).slice(1)],
            env: hook.env ?? [],
          },
          stdio: ["pipe", "ignore", "ignore"],
          signal: late.signal,
        },
      );
      command.stdin?.on("error", () => {});
      command.stdin?.end(JSON.stringify(state));
      const { code } = await command.wait();
      late.signal.throwIfAborted();
      if (code !== 0) throw new Fault("unavailable", `error running ${what}: exit status ${code}`);
    } finally {
      cancel?.();
    }
  }
}

const tooLate = (what: string, { timeout }: Hook): Fault =>
  new Fault("timeout", `error running ${what}: hook ran past specified timeout of ${timeout}s`);

async function runHook(what: string, hook: Hook, state: OciState, clock: Clock): Promise<void> {
  const [argument0, ...rest] = hook.args ?? [hook.path];
  const child = spawn(hook.path, rest, {
    argv0: argument0 ?? hook.path,
    env: environmentOf(hook),
    stdio: ["pipe", "pipe", "pipe"],
    // Its own group, so that ending it ends what it started.
    detached: true,
  });
  let said = "";
  const hear = (chunk: Buffer): void => void (said = (said + chunk.toString()).slice(-SAID_BYTES_MAX));
  child.stdout.on("data", hear);
  child.stderr.on("data", hear);
  // A hook need not read it.
  child.stdin.on("error", () => {});
  child.stdin.end(JSON.stringify(state));
  let isLate = false;
  const cancel =
    hook.timeout === undefined
      ? undefined
      : clock.schedule(hook.timeout * MS_PER_SECOND, () => {
          isLate = true;
          endGroup(child.pid);
        });
  try {
    // Not "close": what it leaves running in the background may hold the pipes for as long as it likes.
    const [code, signal] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
    if (isLate) throw tooLate(what, hook);
    if (code === 0) return;
    const how = signal === null ? `exit status ${code}` : `signal: ${signal}`;
    throw new Fault("unavailable", `error running ${what}: ${how}, stdout and stderr: ${said.trim()}`);
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw new Fault("unavailable", `error running ${what}: ${reasonOf(error, hook.path)}`, { cause: error });
  } finally {
    cancel?.();
    for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy();
  }
}

const reasonOf = (error: unknown, path: string): string =>
  (error as NodeJS.ErrnoException).code === "ENOENT"
    ? `${path}: no such file or directory`
    : (error as NodeJS.ErrnoException).code === "EACCES"
      ? `${path}: permission denied`
      : messageOf(error);

/** A hook has no environment but the one it is given. */
function environmentOf({ env = [] }: Hook): Record<string, string> {
  return Object.fromEntries(
    env.map((entry) => {
      const at = entry.indexOf("=");
      return at === -1 ? [entry, ""] : [entry.slice(0, at), entry.slice(at + 1)];
    }),
  );
}

function endGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, "SIGKILL");
  } catch {
    // Gone already.
  }
}
