import type { Clock, Random } from "@plinth/clock";
import type { Log } from "@plinth/log";
import type { Fairness } from "./fair/fairness.ts";
import type { Seeing } from "./seeing/seeing.ts";
import type { Ticker } from "./ticker.ts";

/** What every part of one data plane shares. */
export interface Surroundings {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly ticker: Ticker;
  readonly fairness: Fairness;
  readonly seeing: Seeing;
}
