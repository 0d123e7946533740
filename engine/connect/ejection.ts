import type { Random } from "@plinth/clock";
import {
  BREAK_RELAPSE_MS,
  EJECT_AFTER_FAILURES,
  EJECT_JITTER,
  EJECT_PENALTY_MAX_MS,
  EJECT_PENALTY_MIN_MS,
} from "./limits.ts";

/**
 * Whether an endpoint is left out, and when one request may probe it again: because it could not be reached, or for
 * what it answered. Being reached ends the one, only a probe's good answer ends the other.
 */
export class Ejection {
  /** True while left out, probes aside. */
  active = false;
  /** It is left out because it could not be reached. */
  unreachable = false;
  /** A probe is under way. */
  probing = false;
  /** When the next probe is due, in monotonic milliseconds. */
  untilMs = 0;
  #unreached = 0;
  #penaltyMs = 0;
  #returnedMs = -Infinity;

  /** A failure of the transport, not of the application. */
  fail(nowMs: number, random: Random): void {
    this.#unreached++;
    if (!this.active && this.#unreached < EJECT_AFTER_FAILURES) return;
    // Requests that were under way when it was left out prove nothing new.
    if (this.active && !this.probing && nowMs < this.untilMs) return;
    if (this.#unreached >= EJECT_AFTER_FAILURES) this.unreachable = true;
    this.leaveOut(nowMs, random, EJECT_PENALTY_MIN_MS, EJECT_PENALTY_MAX_MS);
  }

  /** It answered, whatever it said. */
  reached(nowMs: number): void {
    this.#unreached = 0;
    if (this.unreachable) this.takeBack(nowMs);
  }

  /** Leaves it out: for twice as long as before when its probe failed, or when it has only just come back. */
  leaveOut(nowMs: number, random: Random, penaltyMs: number, penaltyMaxMs: number): void {
    const again = this.active || nowMs - this.#returnedMs < BREAK_RELAPSE_MS;
    this.#penaltyMs = again ? Math.min(Math.max(this.#penaltyMs * 2, penaltyMs), penaltyMaxMs) : penaltyMs;
    this.active = true;
    this.probing = false;
    this.untilMs = nowMs + this.#penaltyMs * (1 + EJECT_JITTER * random());
  }

  takeBack(nowMs: number): void {
    if (this.active) this.#returnedMs = nowMs;
    this.active = false;
    this.unreachable = false;
    this.probing = false;
  }

  /** A probe ended without telling anything. */
  abandonProbe(): void {
    this.probing = false;
  }

  probeDue(nowMs: number): boolean {
    return this.active && nowMs >= this.untilMs;
  }

  /** Lets one request through; another follows only after the same time again, should this one never end. */
  probe(nowMs: number): void {
    this.probing = true;
    this.untilMs = nowMs + this.#penaltyMs;
  }
}
