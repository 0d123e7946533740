import { compareKeys } from "./key-order.ts";
import type { Compare, Entry, Operation, TransactionResult, WatchEvent } from "./store.ts";

/** The whole state after each revision, in a list. Slow, large, and obviously right. */
export class ModelStore {
  /** `states[r]` is the state after revision r; the store begins at revision 1, which is empty. */
  readonly states: ReadonlyMap<string, Entry>[] = [new Map(), new Map()];
  readonly events: WatchEvent[][] = [[], []];
  compactedRevision = 0;

  get revision(): number {
    return this.states.length - 1;
  }

  get(key: string, revision: number = this.revision): Entry | undefined {
    return this.states[revision]!.get(key);
  }

  range(prefix: string, revision: number = this.revision): Entry[] {
    return [...this.states[revision]!.values()]
      .filter((entry) => entry.key.startsWith(prefix))
      .sort((left, right) => compareKeys(left.key, right.key));
  }

  transact(
    compares: readonly Compare[],
    success: readonly Operation[],
    failure: readonly Operation[],
  ): TransactionResult {
    const before = this.states.at(-1)!;
    const succeeded = compares.every(({ key, target, operator, value }) => {
      const actual = before.get(key)?.[target] ?? 0;
      if (operator === "=") return actual === value;
      if (operator === "!=") return actual !== value;
      return operator === ">" ? actual > value : actual < value;
    });
    const state = new Map(before);
    const events: WatchEvent[] = [];
    const revision = this.states.length;
    const remove = (key: string): void => {
      const previous = state.get(key);
      if (previous === undefined) return;
      state.delete(key);
      const { createRevision } = previous;
      const entry = { key, value: new Uint8Array(0), createRevision, modRevision: revision, version: 0 };
      events.push({ type: "delete", entry, previous });
    };
    for (const operation of succeeded ? success : failure) {
      if ("put" in operation) {
        const previous = state.get(operation.put);
        const entry: Entry = {
          key: operation.put,
          value: operation.value,
          createRevision: previous?.createRevision ?? revision,
          modRevision: revision,
          version: (previous?.version ?? 0) + 1,
        };
        state.set(operation.put, entry);
        events.push({ type: "put", entry, previous });
      } else if ("delete" in operation) {
        remove(operation.delete);
      } else {
        for (const entry of this.range(operation.deletePrefix)) remove(entry.key);
      }
    }
    if (events.length > 0) {
      this.states.push(state);
      this.events.push(events);
    }
    return { succeeded, revision: this.revision };
  }
}
