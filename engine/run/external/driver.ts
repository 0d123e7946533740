import type { Clock } from "@plinth/clock";
import type { ResourceLimits } from "@plinth/resource";
import {
  type Driver,
  type Fingerprint,
  type Limitation,
  NO_PID,
  type TaskHandle,
  type TaskPlace,
} from "../driver.ts";
import type { ExitStatus } from "../exit-status.ts";

const LET_GO: ExitStatus = { cause: "exited", code: 0, reason: "it is no longer asked" };

/** "Runs" what somebody else does: it is there before and after, and nothing but its health is our affair. */
export function createExternalDriver({ clock }: { readonly clock: Clock }): Driver {
  return {
    name: "external",
    fingerprint: (): Promise<Fingerprint> =>
      Promise.resolve({
        driver: "external",
        available: true,
        reason: undefined,
        attributes: {},
        limitations: [],
      }),
    start: (task) => Promise.resolve(new ExternalHandle(task.id, clock.now())),
    recover: (task: TaskPlace) => Promise.resolve(new ExternalHandle(task.id, clock.now())),
    check: (_limits: ResourceLimits): readonly Limitation[] => [],
  };
}

class ExternalHandle implements TaskHandle {
  readonly id: string;
  /** Nobody knows which process it is, or on which machine. */
  readonly pid = NO_PID;
  readonly startedAtMs: number;
  readonly notices: readonly string[] = [];
  #exit: ExitStatus | undefined = undefined;
  readonly #ended: PromiseWithResolvers<ExitStatus> = Promise.withResolvers();

  constructor(id: string, startedAtMs: number) {
    this.id = id;
    this.startedAtMs = startedAtMs;
  }

  exit(): ExitStatus | undefined {
    return this.#exit;
  }

  wait(): Promise<ExitStatus> {
    return this.#ended.promise;
  }

  stop(): Promise<ExitStatus> {
    this.#exit = LET_GO;
    this.#ended.resolve(LET_GO);
    return this.#ended.promise;
  }

  kill(): void {}

  stats(): undefined {}

  members(): number[] {
    return [];
  }

  [Symbol.dispose](): void {}
}
