import { createClient } from "@plinth/client";
import type { Clock } from "@plinth/clock";
import { Fault } from "@plinth/fault";
import { socketPath } from "./home.ts";

export interface DaemonOptions {
  readonly home: string;
  readonly ingressPort?: number;
  readonly ingressAddress?: string;
  readonly apiPort?: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

export interface Supervision {
  /** False: a daemon was running already, and somebody else watches over it. */
  readonly started: boolean;
  /** Lets go of the daemon once it has been told to stop; resolves when it has ended. */
  release(): Promise<void>;
  /** Rejects when the daemon cannot be kept running; never resolves before `release`. */
  readonly ended: Promise<void>;
}

/**
 * The one place where the command line meets the daemon's package. Makes sure that a daemon answers in this home:
 * watched over by this process (`foreground`) or by a supervisor that outlives it.
 */
export async function startDaemon(options: DaemonOptions, foreground: boolean): Promise<Supervision> {
  const client = createClient({ socketPath: socketPath(options.home), clock: options.clock });
  try {
    await client.healthy({ signal: options.signal });
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== "unavailable") throw error;
    throw new Fault(
      "unsupported",
      `Cannot start Plinth in ${options.home}${foreground ? "" : " in the background"}: the daemon is not part of this build`,
    );
  }
  return { started: false, release: () => Promise.resolve(), ended: new Promise(() => {}) };
}
