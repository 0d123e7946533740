import type { Clock, Random } from "@plinth/clock";
import type { Edge } from "./edge.ts";
import { BACKOFF_MAX_MS, BACKOFF_MIN_MS, PRECISE_BELOW_MS } from "./limits.ts";
import { defaultPolicy, type Policy } from "./policy.ts";

export type TimeoutName = "request" | "response";

/** Whoever has a request sent and waits for its answer. */
export interface Sender {
  timedOut(which: TimeoutName): void;
  /** The wait before sending again is over. */
  sendAgain(): void;
}

/**
 * How often one request has been sent again and when it is given up, alike for HTTP/1 and HTTP/2. It is used again
 * for the next request. Budget: no allocation and no timer, unless a timeout is shorter than a second.
 */
export class Attempts {
  /** Times the request was sent again. */
  count = 0;
  readonly #sender: Sender;
  readonly #clock: Clock;
  readonly #random: Random;
  #policy: Policy = defaultPolicy;
  #edge: Edge | undefined = undefined;
  #requestDueMs = Infinity;
  #responseDueMs = Infinity;
  #cancelRequest: (() => void) | undefined = undefined;
  #cancelResponse: (() => void) | undefined = undefined;
  #cancelBackoff: (() => void) | undefined = undefined;

  constructor(sender: Sender, around: { readonly clock: Clock; readonly random: Random }) {
    this.#sender = sender;
    this.#clock = around.clock;
    this.#random = around.random;
  }

  begin(policy: Policy, edge: Edge, startedMs: number): void {
    this.count = 0;
    this.#policy = policy;
    this.#edge = edge;
    edge.retryBudget.deposit(startedMs);
    const { requestMs } = policy;
    if (requestMs === 0) return;
    this.#requestDueMs = startedMs + requestMs;
    if (requestMs < PRECISE_BELOW_MS) this.#cancelRequest = this.#schedule(requestMs, "request");
  }

  /** The whole request is with an instance. */
  awaitResponse(): void {
    const { responseMs } = this.#policy;
    if (responseMs === 0) return;
    this.#stopResponse();
    this.#responseDueMs = this.#clock.monotonic() + responseMs;
    if (responseMs < PRECISE_BELOW_MS) this.#cancelResponse = this.#schedule(responseMs, "response");
  }

  #schedule(delayMs: number, which: TimeoutName): () => void {
    return this.#clock.schedule(delayMs, () => this.#sender.timedOut(which));
  }

  /** The answer's head is there, or nobody is asked any more. */
  stopResponse(): void {
    if (this.#responseDueMs !== Infinity) this.#stopResponse();
  }

  #stopResponse(): void {
    this.#responseDueMs = Infinity;
    this.#cancelResponse?.();
    this.#cancelResponse = undefined;
  }

  /** True when a timeout was over, and has been told. */
  tick(nowMs: number): boolean {
    if (nowMs >= this.#requestDueMs) this.#sender.timedOut("request");
    else if (nowMs >= this.#responseDueMs) this.#sender.timedOut("response");
    else return false;
    return true;
  }

  /** Takes leave to send the request again; false, and counted, when it was sent too often or the budget is spent. */
  take(limit: number): boolean {
    const { retries, retryBudget } = this.#edge!;
    if (this.count >= limit) {
      if (limit > 0) retries.limitExceeded++;
      return false;
    }
    if (!retryBudget.withdraw(this.#clock.monotonic())) {
      retries.overflow++;
      return false;
    }
    this.count++;
    retries.requests++;
    return true;
  }

  /** Sends again a little later: there is nobody else to ask. */
  backOff(): void {
    const delayMs = BACKOFF_MIN_MS + (BACKOFF_MAX_MS - BACKOFF_MIN_MS) * this.#random();
    this.#cancelBackoff = this.#clock.schedule(delayMs, () => {
      this.#cancelBackoff = undefined;
      this.#sender.sendAgain();
    });
  }

  /** The request is over; `succeeded` as its answer was. */
  end(succeeded: boolean): void {
    if (this.count > 0) {
      if (succeeded) this.#edge!.retries.successes++;
      this.count = 0;
    }
    this.#cancelBackoff?.();
    this.#cancelBackoff = undefined;
    this.stopResponse();
    if (this.#requestDueMs === Infinity) return;
    this.#requestDueMs = Infinity;
    this.#cancelRequest?.();
    this.#cancelRequest = undefined;
  }
}
