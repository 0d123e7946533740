import { Allowance } from "./allowance.ts";
import { type Rates, rates } from "./limits.ts";

/** What a peer may still do of all that costs it little and us much. */
export class FloodGuard {
  readonly resets: Allowance;
  readonly settings: Allowance;
  readonly pings: Allowance;
  readonly emptyData: Allowance;
  readonly windowUpdates: Allowance;
  readonly ignored: Allowance;
  #dataFramesSeen = 0;

  /** `own`: rates that differ from the usual ones. */
  constructor(own: Partial<Rates> = {}) {
    const all = { ...rates, ...own };
    this.resets = new Allowance(all.resets);
    this.settings = new Allowance(all.settings);
    this.pings = new Allowance(all.pings);
    this.emptyData = new Allowance(all.emptyData);
    this.windowUpdates = new Allowance(all.windowUpdates);
    this.ignored = new Allowance(all.ignored);
  }

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
