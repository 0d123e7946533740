import type { Clock } from "@plinth/clock";
import { comesUp, ensureDaemon, serviceOf, superviseDaemon } from "@plinth/daemon";
import type { RuntimeName } from "@plinth/process";

export interface DaemonOptions {
  readonly home: string;
  readonly ingressPort?: number;
  readonly ingressAddress?: string;
  readonly apiPort?: number;
  readonly proxyRuntime?: RuntimeName;
  readonly mesh?: "transparent" | "cooperative";
  readonly store?: string;
  readonly telemetry?: { readonly otlp?: string; readonly traceRatio?: number; readonly accessLog?: string };
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

const others: Supervision = {
  started: false,
  release: () => Promise.resolve(),
  ended: new Promise(() => {}),
};

/**
 * The one place where the command line meets the daemon's package. Makes sure that a daemon answers in this home:
 * watched over by this process (`foreground`) or by a supervisor that outlives it.
 */
export async function startDaemon(options: DaemonOptions, foreground: boolean): Promise<Supervision> {
  // What systemd keeps running is not this terminal's to watch over.
  if (!foreground || serviceOf(options.home) !== undefined) {
    const { started } = await ensureDaemon(options);
    return { ...others, started };
  }
  if (await comesUp(options.home)) return others;
  const watch = new AbortController();
  const { ready, ended } = superviseDaemon({ ...options, signal: watch.signal, kind: "terminal" });
  try {
    await ready;
  } catch (error) {
    // What could not start is told once, not tried again behind the user's back.
    watch.abort();
    throw error;
  }
  return { started: true, ended, release: () => ended };
}
