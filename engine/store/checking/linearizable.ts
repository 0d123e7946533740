/**
 * Whether a history of concurrent calls is linearizable: Wing and Gong's search with Lowe's cache of visited
 * configurations, as Porcupine does it.
 */
import { type Clock, systemClock } from "@plinth/clock";
import type { Call } from "./history.ts";

/** What a store does when it is asked one thing after the other. States are immutable. */
export interface Model<State, Request, Response> {
  readonly initial: State;
  /** The state after the call, or undefined where the response cannot come of it; an undefined response is a lost one. */
  step(state: State, request: Request, response: Response | undefined): State | undefined;
  /** Two states are the same exactly if this is. */
  identify(state: State): string;
  describe(request: Request, response: Response | undefined): string;
  /** The name of the part a call is of, where parts do not depend on each other (keys, say). Default: all of one part. */
  partOf?(request: Request): string;
}

export type Verdict<Request, Response> =
  | {
      readonly kind: "linearizable";
      /** The calls of each part in an order that explains all responses; lost ones only if they must have happened. */
      readonly orders: readonly (readonly Call<Request, Response>[])[];
    }
  | {
      readonly kind: "violation";
      /** The shortest beginning of the history that nothing explains; its last end is that of `blocked`. */
      readonly prefix: readonly Call<Request, Response>[];
      /** The longest order found that explains all that ended before `blocked`. */
      readonly partial: readonly Call<Request, Response>[];
      /** The first call, by end, that nothing explains. */
      readonly blocked: Call<Request, Response>;
      readonly text: string;
    }
  /** Time was over: nothing is known. */
  | { readonly kind: "unknown" };

export interface CheckOptions {
  /** Default: 30 s. */
  readonly timeLimitMs?: number;
  readonly clock?: Clock;
}

const TIME_LIMIT_MS = 30_000;
/** Looking at the clock costs as much as a step; so many pass in about a millisecond. */
const STEPS_BETWEEN_LOOKS = 256;
/** Calls that a report shows before the one that nothing explains. */
const SHOWN_MAX = 12;

/** A call's start or end, in a list of those not yet placed. */
interface Entry<Request, Response> {
  readonly call: Call<Request, Response>;
  /** Place among the calls by start. */
  readonly index: number;
  /** Place among all starts and ends. */
  position: number;
  /** The end of a start; undefined for ends, and for calls whose answer was lost. */
  end: Entry<Request, Response> | undefined;
  readonly isStart: boolean;
  before: Entry<Request, Response> | undefined;
  after: Entry<Request, Response> | undefined;
}

export function checkLinearizable<State, Request, Response>(
  model: Model<State, Request, Response>,
  calls: readonly Call<Request, Response>[],
  { timeLimitMs = TIME_LIMIT_MS, clock = systemClock }: CheckOptions = {},
): Verdict<Request, Response> {
  const deadlineMs = clock.monotonic() + timeLimitMs;
  const parts = Map.groupBy(calls, ({ request }) => model.partOf?.(request) ?? "");
  const orders: (readonly Call<Request, Response>[])[] = [];
  let isUnknown = false;
  for (const part of parts.values()) {
    const verdict = new Search(model, part).run(() => clock.monotonic() >= deadlineMs);
    // One part that is surely wrong is enough, whatever is not known of the others.
    if (verdict.kind === "violation") return verdict;
    if (verdict.kind === "unknown") isUnknown = true;
    else orders.push(...verdict.orders);
  }
  return isUnknown ? { kind: "unknown" } : { kind: "linearizable", orders };
}

class Search<State, Request, Response> {
  readonly #model: Model<State, Request, Response>;
  readonly #head: Entry<Request, Response>;
  readonly #visited: Set<string> = new Set();
  /** Calls placed so far, and the state before each. */
  readonly #placed: { readonly start: Entry<Request, Response>; readonly state: State }[] = [];
  #state: State;
  /** Calls that were answered and are not placed. */
  #answeredLeft: number;
  /** For each placed call, the greatest place by start of it and those placed before it. */
  readonly #furthestPlaced: number[] = [];
  #blocked: Entry<Request, Response> | undefined = undefined;
  #partial: readonly Call<Request, Response>[] = [];
  #partialState: State;

  constructor(model: Model<State, Request, Response>, calls: readonly Call<Request, Response>[]) {
    this.#model = model;
    this.#state = model.initial;
    this.#partialState = model.initial;
    this.#answeredLeft = calls.filter(({ response }) => response !== undefined).length;
    this.#head = listOf(calls);
  }

  run(isLate: () => boolean): Verdict<Request, Response> {
    let entry = this.#head.after;
    for (let steps = 0; this.#answeredLeft > 0; steps++) {
      if (steps % STEPS_BETWEEN_LOOKS === STEPS_BETWEEN_LOOKS - 1 && isLate()) return { kind: "unknown" };
      if (entry?.isStart === true) {
        entry = this.#place(entry) ? this.#head.after : entry.after;
        continue;
      }
      // An end whose call could not be placed before it: one placed earlier was placed wrongly.
      if (entry !== undefined) this.#noteBlocked(entry);
      const last = this.#placed.pop();
      if (last === undefined) return this.#violation();
      this.#furthestPlaced.pop();
      this.#state = last.state;
      putBack(last.start);
      if (last.start.call.response !== undefined) this.#answeredLeft++;
      entry = last.start.after;
    }
    return { kind: "linearizable", orders: [this.#placed.map(({ start }) => start.call)] };
  }

  #place(start: Entry<Request, Response>): boolean {
    const { request, response } = start.call;
    const next = this.#model.step(this.#state, request, response);
    if (next === undefined) return false;
    // A lost call that changes nothing explains nothing: it can as well have never happened.
    if (response === undefined && this.#model.identify(next) === this.#model.identify(this.#state))
      return false;
    takeOut(start);
    const furthest = Math.max(start.index, this.#furthestPlaced.at(-1) ?? -1);
    const configuration = `${this.#gapsBefore(furthest)}${this.#model.identify(next)}`;
    if (this.#visited.has(configuration)) {
      putBack(start);
      return false;
    }
    this.#visited.add(configuration);
    this.#placed.push({ start, state: this.#state });
    this.#furthestPlaced.push(furthest);
    this.#state = next;
    if (response !== undefined) this.#answeredLeft--;
    return true;
  }

  /** Names the set of placed calls: all up to the furthest, but for these. */
  #gapsBefore(furthest: number): string {
    let gaps = `${furthest}:`;
    for (let entry = this.#head.after; entry !== undefined; entry = entry.after) {
      if (!entry.isStart) continue;
      if (entry.index > furthest) break;
      gaps += `${entry.index},`;
    }
    return `${gaps}:`;
  }

  #noteBlocked(end: Entry<Request, Response>): void {
    const isFurther = this.#blocked === undefined || end.position > this.#blocked.position;
    const isLonger = end.position === this.#blocked?.position && this.#placed.length > this.#partial.length;
    if (!isFurther && !isLonger) return;
    this.#blocked = end;
    this.#partial = this.#placed.map(({ start }) => start.call);
    this.#partialState = this.#state;
  }

  #violation(): Verdict<Request, Response> {
    const end = this.#blocked!;
    // Backtracking has put every call back.
    const prefix: Call<Request, Response>[] = [];
    for (let entry = this.#head.after; entry !== undefined && entry !== end; entry = entry.after) {
      if (entry.isStart) prefix.push(entry.call);
    }
    const line = ({ client, request, response, startMs, endMs }: Call<Request, Response>): string => {
      const what = this.#model.describe(request, response);
      return `  client ${client}, ${startMs.toFixed(3)} to ${endMs.toFixed(3)} ms: ${what}`;
    };
    const text = [
      `no order of the first ${prefix.length} calls explains`,
      line(end.call),
      `after ${this.#partial.length} calls, of which the last are`,
      ...this.#partial.slice(-SHOWN_MAX).map(line),
      `which leave ${this.#model.identify(this.#partialState)}`,
    ].join("\n");
    return { kind: "violation", prefix, partial: this.#partial, blocked: end.call, text };
  }
}

/** Starts and ends in order of time behind a head that is neither; at the same time, starts come first. */
function listOf<Request, Response>(calls: readonly Call<Request, Response>[]): Entry<Request, Response> {
  const timed: { atMs: number; entry: Entry<Request, Response> }[] = [];
  const byStart = calls.toSorted((left, right) => left.startMs - right.startMs);
  for (const [index, call] of byStart.entries()) {
    const made = { call, index, position: 0, end: undefined, before: undefined, after: undefined };
    const end = call.response === undefined ? undefined : { ...made, isStart: false };
    timed.push({ atMs: call.startMs, entry: { ...made, end, isStart: true } });
    if (end !== undefined) timed.push({ atMs: call.endMs, entry: end });
  }
  timed.sort(
    (left, right) => left.atMs - right.atMs || Number(right.entry.isStart) - Number(left.entry.isStart),
  );
  const head: Entry<Request, Response> = {
    call: calls[0]!,
    index: -1,
    position: -1,
    end: undefined,
    isStart: false,
    before: undefined,
    after: undefined,
  };
  let last = head;
  for (const [position, { entry }] of timed.entries()) {
    entry.position = position;
    entry.before = last;
    last.after = entry;
    last = entry;
  }
  return head;
}

function takeOut<Request, Response>(start: Entry<Request, Response>): void {
  for (const entry of [start, start.end]) {
    if (entry === undefined) continue;
    entry.before!.after = entry.after;
    if (entry.after !== undefined) entry.after.before = entry.before;
  }
}

/** In the opposite order of taking out, so that neighbours are as they were. */
function putBack<Request, Response>(start: Entry<Request, Response>): void {
  for (const entry of [start.end, start]) {
    if (entry === undefined) continue;
    entry.before!.after = entry;
    if (entry.after !== undefined) entry.after.before = entry;
  }
}
