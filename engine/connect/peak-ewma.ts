import { EWMA_DECAY_MS, EWMA_DEFAULT_MS } from "./limits.ts";

/**
 * A round-trip time that rises at once and sinks slowly: a higher sample replaces it, a lower one is mixed in by
 * the time since the last. Without samples it decays, so that a slow endpoint is tried again.
 */
export class PeakEwma {
  #valueMs = EWMA_DEFAULT_MS;
  #atMs: number;

  constructor(nowMs: number) {
    this.#atMs = nowMs;
  }

  observe(sampleMs: number, nowMs: number): void {
    if (sampleMs >= this.#valueMs) {
      this.#valueMs = sampleMs;
    } else {
      const weight = Math.exp((this.#atMs - nowMs) / EWMA_DECAY_MS);
      this.#valueMs = this.#valueMs * weight + sampleMs * (1 - weight);
    }
    this.#atMs = nowMs;
  }

  at(nowMs: number): number {
    return this.#valueMs * Math.exp((this.#atMs - nowMs) / EWMA_DECAY_MS);
  }
}
