import type { Event, KeyValue } from "../mvcc.ts";
import type { State } from "../mvcc-model.ts";

/**
 * A store's whole history as one watch of everything told it: what each revision did, and what there was after it. The
 * first revision that writes is 2.
 */
export class Replay {
  /** Index: the revision. */
  readonly #events: (readonly Event[])[] = [[], []];
  readonly #states: State[] = [new Map(), new Map()];

  /** Events of every revision from 2 on, in order; throws where one is missing, for then nothing can be said. */
  constructor(events: readonly Event[]) {
    for (const [revision, together] of Map.groupBy(events, ({ kv }) => kv.modRevision)) {
      if (revision !== this.#events.length) {
        throw new Error(`the whole history goes from revision ${this.revision} to ${revision}`);
      }
      const state = new Map<string, KeyValue>(this.#states.at(-1));
      for (const { kind, kv } of together) {
        if (kind === "put") state.set(kv.key, kv);
        else state.delete(kv.key);
      }
      this.#events.push(together);
      this.#states.push(state);
    }
  }

  /** The last revision known. */
  get revision(): number {
    return this.#events.length - 1;
  }

  eventsAt(revision: number): readonly Event[] {
    return this.#events[revision] ?? [];
  }

  stateAt(revision: number): State {
    const state = this.#states[revision];
    if (state === undefined) throw new Error(`the history ends before revision ${revision}`);
    return state;
  }
}
