import type { TapEvent } from "@plinth/resource";

/** Rows that a table keeps; clients choose paths, and a page of rows is all that anybody reads. */
const ROWS_MAX = 500;
/** Requests begun and not ended that are remembered. */
const OPEN_MAX = 10_000;
/** What paths are counted under once there are too many rows. */
const OTHERS = "(others)";

/** Requests of one source, destination, method and path; times in microseconds. */
export interface RequestRow {
  readonly source: string;
  readonly destination: string;
  readonly method: string;
  readonly path: string;
  readonly count: number;
  readonly bestUs: number;
  readonly worstUs: number;
  readonly lastUs: number;
  readonly successRate: number;
}

interface Tally extends Pick<RequestRow, "source" | "destination" | "method" | "path"> {
  count: number;
  successes: number;
  bestUs: number;
  worstUs: number;
  lastUs: number;
}

interface OpenRequest {
  readonly tally: Tally;
  status: number;
}

/** gRPC statuses that are the server's failure, as the proxy counts. */
const GRPC_FAILURES: ReadonlySet<number> = new Set([2, 4, 13, 14, 15]);

/** Counts tapped requests, bounded in rows and in requests under way. */
export class RequestTable {
  /** Requests and events that the tap did not show. */
  missed = 0;
  readonly #tallies: Map<string, Tally> = new Map();
  readonly #open: Map<string, OpenRequest> = new Map();

  add(event: TapEvent): void {
    if (event.type === "missed") {
      this.missed += event.overRate + event.dropped;
    } else if (event.type === "request") {
      this.#open.set(event.id, { tally: this.#tallyOf(event), status: 0 });
      if (this.#open.size > OPEN_MAX) this.#open.delete(this.#open.keys().next().value!);
    } else if (event.type === "response") {
      const request = this.#open.get(event.id);
      if (request !== undefined) request.status = event.status;
    } else if (event.type === "end") {
      const request = this.#open.get(event.id);
      if (request === undefined) return;
      this.#open.delete(event.id);
      const failed =
        event.error !== null ||
        request.status >= 500 ||
        (event.grpcStatus !== null && GRPC_FAILURES.has(event.grpcStatus));
      count(request.tally, event.durationUs, !failed);
    }
  }

  #tallyOf({ callerApp, caller, app, callee, method, path }: Extract<TapEvent, { type: "request" }>): Tally {
    const source = callerApp === app ? caller : `${callerApp}/${caller}`;
    const key = JSON.stringify([source, callee, method, path]);
    const known = this.#tallies.get(key);
    if (known !== undefined) return known;
    if (this.#tallies.size >= ROWS_MAX && path !== OTHERS) {
      return this.#tallyOf({ callerApp, caller, app, callee, method: "*", path: OTHERS } as Extract<
        TapEvent,
        { type: "request" }
      >);
    }
    const tally: Tally = {
      source,
      destination: callee,
      method,
      path,
      count: 0,
      successes: 0,
      bestUs: Infinity,
      worstUs: 0,
      lastUs: 0,
    };
    this.#tallies.set(key, tally);
    return tally;
  }

  /** The most frequent first. */
  rows(): RequestRow[] {
    return [...this.#tallies.values()]
      .filter((tally) => tally.count > 0)
      .map(({ successes, ...tally }) => ({ ...tally, successRate: successes / tally.count }))
      .sort((one, other) => other.count - one.count);
  }
}

function count(tally: Tally, durationUs: number, succeeded: boolean): void {
  tally.count++;
  if (succeeded) tally.successes++;
  tally.bestUs = Math.min(tally.bestUs, durationUs);
  tally.worstUs = Math.max(tally.worstUs, durationUs);
  tally.lastUs = durationUs;
}
