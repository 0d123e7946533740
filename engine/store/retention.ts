import type { Clock } from "@plinth/clock";
import { HISTORY_REVISIONS_SLACK, RETENTION_SAMPLES } from "./limits.ts";
import { StoreError } from "./mvcc.ts";
import type { VersionIndex } from "./version-index.ts";

/** How much history is kept without being asked: so many revisions, superseded bytes besides, or a time. */
export type Retention =
  | "off"
  | { readonly revisions: number; readonly historyBytes?: number }
  | { readonly milliseconds: number };

/** What is compacted. */
interface Compactable {
  readonly revision: number;
  readonly compactedRevision: number;
  compact(revision: number, physical: boolean): Promise<void>;
}

/** Compacts by itself. What it cannot compact now, as while the disk fails, it tries again later. */
export class Retainer implements Disposable {
  readonly #store: Compactable;
  readonly #index: VersionIndex;
  readonly #clock: Clock;
  readonly #retention: Retention;
  /** Revisions one sample apart; the first is a period old once there are enough. */
  readonly #samples: number[] = [];
  #wanted = -1;
  #compacting = false;
  #cancelTimer: (() => void) | undefined;

  constructor(store: Compactable, index: VersionIndex, clock: Clock, retention: Retention) {
    this.#store = store;
    this.#index = index;
    this.#clock = clock;
    this.#retention = retention;
    if (retention !== "off" && "milliseconds" in retention) this.#sample(retention.milliseconds);
  }

  /** After each commit. */
  committed(): void {
    if (this.#retention === "off" || "milliseconds" in this.#retention) return;
    const { revisions, historyBytes = Infinity } = this.#retention;
    const kept = this.#store.revision - Math.max(0, this.#store.compactedRevision);
    let keep = kept;
    if (kept > revisions + HISTORY_REVISIONS_SLACK) keep = revisions;
    // Half of it, so that the next compaction is not due at once.
    if (this.#index.historyBytes > historyBytes) keep = Math.min(keep, Math.floor(kept / 2));
    if (keep < kept) this.#compact(this.#store.revision - keep);
  }

  [Symbol.dispose](): void {
    this.#cancelTimer?.();
  }

  #sample(periodMs: number): void {
    this.#samples.push(this.#store.revision);
    if (this.#samples.length > RETENTION_SAMPLES) this.#compact(this.#samples.shift()!);
    const intervalMs = Math.max(1, periodMs / RETENTION_SAMPLES);
    this.#cancelTimer = this.#clock.schedule(intervalMs, () => this.#sample(periodMs));
  }

  #compact(revision: number): void {
    this.#wanted = revision;
    if (!this.#compacting) void this.#compactAsWanted();
  }

  async #compactAsWanted(): Promise<void> {
    this.#compacting = true;
    try {
      while (this.#wanted > this.#store.compactedRevision) await this.#store.compact(this.#wanted, false);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
    } finally {
      this.#compacting = false;
    }
  }
}
