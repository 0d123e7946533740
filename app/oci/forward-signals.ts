import { constants } from "node:os";

/** Signals that say something about this process alone, that nobody may handle, or that Node keeps for itself. */
const OWN: ReadonlySet<string> = new Set([
  "SIGKILL",
  "SIGSTOP",
  "SIGCHLD",
  "SIGCLD",
  "SIGPIPE",
  "SIGURG",
  "SIGPROF",
  "SIGSEGV",
  "SIGBUS",
  "SIGFPE",
  "SIGILL",
  "SIGTRAP",
  "SIGABRT",
  "SIGIOT",
  "SIGSYS",
  "SIGTTIN",
  "SIGTTOU",
]);

/** Hands on to a process what is sent to this one. Disposing ends that. */
export function forwardSignals(pid: number): Disposable {
  const names = Object.keys(constants.signals).filter((name) => !OWN.has(name)) as NodeJS.Signals[];
  const forward = (signal: NodeJS.Signals): void => {
    try {
      process.kill(pid, signal);
    } catch {
      // Gone: its end is told elsewhere.
    }
  };
  for (const name of names) process.on(name, forward);
  return {
    [Symbol.dispose]: () => {
      for (const name of names) process.off(name, forward);
    },
  };
}
