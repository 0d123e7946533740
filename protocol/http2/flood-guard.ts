import { Allowance } from "./allowance.ts";
import { rates } from "./limits.ts";

/** What a peer may still do of all that costs it little and us much. */
export class FloodGuard {
  readonly resets: Allowance = new Allowance(rates.resets);
  readonly settings: Allowance = new Allowance(rates.settings);
  readonly pings: Allowance = new Allowance(rates.pings);
  readonly emptyData: Allowance = new Allowance(rates.emptyData);
  readonly windowUpdates: Allowance = new Allowance(rates.windowUpdates);
  readonly ignored: Allowance = new Allowance(rates.ignored);
  #dataFramesSeen = 0;

  refill(elapsedMs: number): void {
    this.resets.refill(elapsedMs);
    this.settings.refill(elapsedMs);
    this.pings.refill(elapsedMs);
    this.emptyData.refill(elapsedMs);
    this.windowUpdates.refill(elapsedMs);
    this.ignored.refill(elapsedMs);
  }

  /** What the peer earns by DATA frames that we have sent, `dataFrames` in all. */
  sentData(dataFrames: number): void {
    const sent = dataFrames - this.#dataFramesSeen;
    if (sent === 0) return;
    this.#dataFramesSeen = dataFrames;
    this.windowUpdates.giveBack(sent * 2);
    this.pings.giveBack(sent);
  }
}
