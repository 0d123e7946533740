import type { Clock } from "@plinth/clock";
import { epochMs } from "@plinth/clock";
import { LOAD_PENALTY_MAX_MS, LOAD_PENALTY_MIN_MS } from "./limits.ts";

/**
 * The time an overloaded instance asks for (RFC 9110 §10.2.3), in seconds or as a date, within bounds; 0 when it
 * asks for none. `now` is wall time.
 */
export function retryAfterMs(value: string | undefined, clock: Clock): number {
  if (value === undefined) return 0;
  const text = value.trim();
  const askedMs = /^\d{1,9}$/.test(text) ? Number(text) * 1_000 : epochMs(text) - clock.now();
  if (Number.isNaN(askedMs)) return 0;
  return Math.min(LOAD_PENALTY_MAX_MS, Math.max(LOAD_PENALTY_MIN_MS, askedMs));
}
