/** A service that still runs, and those it calls. */
export interface RunningService {
  readonly name: string;
  readonly calls: readonly string[];
}

/**
 * Which of the services that still run may stop now: those nobody calls any more, so that requests under way find
 * all they need until they have ended. In a circle of calls: all that are left. Pure.
 */
export function mayStop(running: readonly RunningService[]): ReadonlySet<string> {
  const called = new Set(running.flatMap(({ name, calls }) => calls.filter((callee) => callee !== name)));
  const free = new Set(running.map(({ name }) => name).filter((name) => !called.has(name)));
  return free.size > 0 ? free : new Set(running.map(({ name }) => name));
}
