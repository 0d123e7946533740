import type { Clock } from "@plinth/clock";
import { Fault } from "@plinth/fault";
import type { Driver, TaskHandle, TaskSpec } from "./driver.ts";
import type { ExitStatus } from "./exit-status.ts";

/** A task that runs until a test ends it. */
export interface FakeTask extends TaskHandle {
  readonly spec: TaskSpec;
  /** Signals it was sent, and "stop" for each stop. */
  readonly received: readonly string[];
  /** Ends it as if its main process had. */
  end(exit: ExitStatus | number): void;
}

export interface FakeDriver extends Driver {
  /** All tasks started, oldest first. */
  readonly tasks: readonly FakeTask[];
  /** Makes the next start fail. */
  failNext(fault: Fault): void;
}

/** A driver whose tasks are nothing but their handles: for tests of what drives a driver. */
export function createFakeDriver(clock: Clock): FakeDriver {
  const tasks: FakeTask[] = [];
  let failure: Fault | undefined;
  return {
    name: "fake",
    tasks,
    failNext: (fault) => {
      failure = fault;
    },
    fingerprint: () =>
      Promise.resolve({
        driver: "fake",
        available: true,
        reason: undefined,
        attributes: {},
        limitations: [],
      }),
    check: () => [],
    recover: ({ id }) => Promise.resolve(tasks.findLast((task) => task.id === id)),
    start: (spec) => {
      const fault = failure;
      failure = undefined;
      if (fault !== undefined) return Promise.reject(fault);
      const task = fakeTask(spec, tasks.length + 1000, clock.now());
      tasks.push(task);
      return Promise.resolve(task);
    },
  };
}

function fakeTask(spec: TaskSpec, pid: number, startedAtMs: number): FakeTask {
  const ended = Promise.withResolvers<ExitStatus>();
  const received: string[] = [];
  let status: ExitStatus | undefined;
  const end = (exit: ExitStatus | number): void => {
    status ??= typeof exit === "number" ? { cause: "exited", code: exit, reason: `exit code ${exit}` } : exit;
    ended.resolve(status);
  };
  return {
    id: spec.id,
    pid,
    startedAtMs,
    notices: [],
    spec,
    received,
    end,
    exit: () => status,
    wait: () => ended.promise,
    stop: () => {
      received.push("stop");
      end(143);
      return ended.promise;
    },
    kill: (signal) => {
      if (status !== undefined) throw new Fault("gone", `Cannot send ${signal}: ended`);
      received.push(signal);
    },
    stats: () => ({ memoryBytes: 1, cpuSeconds: 0, processes: 1 }),
    members: () => (status === undefined ? [pid] : []),
    [Symbol.dispose]: () => {},
  };
}
