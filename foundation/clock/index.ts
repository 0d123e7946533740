/** Time and randomness as values that tests can replace. */
export { dateOf, epochMs, isoTime, sleepOn, systemClock } from "./clock.ts";
export type { Clock } from "./clock.ts";
export { Condition } from "./condition.ts";
export { seededRandom, systemRandom } from "./random.ts";
export type { Random } from "./random.ts";
