import type { Snapshot } from "@plinth/connect";
import { type Clock, systemClock } from "@plinth/clock";
import { messageOf } from "@plinth/fault";
import type { Log } from "@plinth/log";

export interface SnapshotReceipt {
  readonly version: number;
  /** Listeners the proxy could not open. */
  readonly failed: readonly { readonly address: string; readonly port: number; readonly message: string }[];
}

/** Where snapshots go: the proxy's control socket. */
export interface SnapshotSink {
  putSnapshot(snapshot: Snapshot, options: { readonly signal: AbortSignal }): Promise<SnapshotReceipt>;
}

const RETRY_MS = 100;

interface Waiter {
  readonly turn: number;
  readonly resolve: (inForce: boolean) => void;
}

/**
 * Brings the newest state of the world to the proxy, one version at a time. Many changes in a row become one
 * snapshot; `inForce()` tells when a change made before the call is obeyed.
 */
export class SnapshotPublisher {
  readonly #build: (version: number) => Snapshot;
  readonly #sink: SnapshotSink;
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  readonly #waiters: Set<Waiter> = new Set();
  #version: number;
  #turn = 0; // counts calls of changed()
  #published = 0; // the turn the last snapshot in force contains
  #running = true; // until start()
  #failed: SnapshotReceipt["failed"] = [];

  constructor(options: {
    build: (version: number) => Snapshot;
    sink: SnapshotSink;
    /** The version of the snapshot the proxy has now; ours go on from there. */
    version: number;
    log: Log;
    clock?: Clock;
    signal: AbortSignal;
  }) {
    this.#build = options.build;
    this.#sink = options.sink;
    this.#version = options.version;
    this.#log = options.log;
    this.#clock = options.clock ?? systemClock;
    this.#signal = options.signal;
  }

  /** Listeners the proxy could not open, as it said last. */
  get failed(): SnapshotReceipt["failed"] {
    return this.#failed;
  }

  /** Publishes from now on: call it once all that runs is known, or the proxy would forget the rest. */
  start(): void {
    this.#turn++;
    void this.#run();
  }

  /** Whether the proxy obeys all that has changed. */
  get isInForce(): boolean {
    return this.#published >= this.#turn;
  }

  /** Says that what `build` would return has changed, or that the proxy is a new one. */
  changed(): void {
    this.#turn++;
    if (!this.#running) void this.#run();
  }

  /** Resolves once all that changed before this call is in force, or after `timeoutMs` or the signal: false then. */
  inForce(timeoutMs: number): Promise<boolean> {
    if (this.#published >= this.#turn) return Promise.resolve(true);
    return new Promise<boolean>((resolve) => {
      const waiter: Waiter = {
        turn: this.#turn,
        resolve: (inForce) => {
          cancel();
          this.#waiters.delete(waiter);
          resolve(inForce);
        },
      };
      this.#waiters.add(waiter);
      const cancel = this.#clock.schedule(timeoutMs, () => waiter.resolve(false));
    });
  }

  async #run(): Promise<void> {
    this.#running = true;
    let reported = false;
    while (this.#published < this.#turn && !this.#signal.aborted) {
      const turn = this.#turn;
      try {
        const receipt = await this.#sink.putSnapshot(this.#build(++this.#version), { signal: this.#signal });
        this.#published = turn;
        this.#failed = receipt.failed;
        reported = false;
        for (const waiter of this.#waiters) if (waiter.turn <= turn) waiter.resolve(true);
      } catch (error) {
        if (this.#signal.aborted) break;
        if (!reported)
          this.#log.warn("proxy does not take the snapshot; retrying", { error: messageOf(error) });
        reported = true;
        await this.#clock.sleep(RETRY_MS, this.#signal).catch(() => undefined);
      }
    }
    this.#running = false;
    if (this.#signal.aborted) for (const waiter of this.#waiters) waiter.resolve(false);
  }
}
