import type { Random } from "@plinth/clock";
import { EJECT_AFTER_FAILURES, EJECT_JITTER, EJECT_PENALTY_MAX_MS, EJECT_PENALTY_MIN_MS } from "./limits.ts";

/** Whether an endpoint that keeps failing is left out, and when one request may probe it again. */
export class Ejection {
  /** True while left out, probes aside. */
  active = false;
  /** A probe is under way. */
  probing = false;
  /** When the next probe is due, in monotonic milliseconds. */
  untilMs = 0;
  #failures = 0;
  #penaltyMs = 0;

  /** A failure of the transport, not of the application. */
  fail(nowMs: number, random: Random): void {
    this.#failures++;
    if (!this.active && this.#failures < EJECT_AFTER_FAILURES) return;
    // Requests that were under way when it was left out prove nothing new.
    if (this.active && !this.probing && nowMs < this.untilMs) return;
    this.#penaltyMs = this.active
      ? Math.min(this.#penaltyMs * 2, EJECT_PENALTY_MAX_MS)
      : EJECT_PENALTY_MIN_MS;
    this.active = true;
    this.probing = false;
    this.untilMs = nowMs + this.#penaltyMs * (1 + EJECT_JITTER * random());
  }

  succeed(): void {
    this.#failures = 0;
    this.active = false;
    this.probing = false;
  }

  /** A probe ended without telling anything. */
  abandonProbe(): void {
    this.probing = false;
  }

  probeDue(nowMs: number): boolean {
    return this.active && !this.probing && nowMs >= this.untilMs;
  }
}
