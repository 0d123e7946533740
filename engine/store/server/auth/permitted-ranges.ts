import { type Permission, PermissionType } from "@plinth/etcd";
import type { ByteString } from "../../mvcc.ts";
import { type AuthState, ROOT } from "./auth-state.ts";

/** Keys from `key` up to but without `end`; undefined `end`: all from `key` on. */
interface Span {
  readonly key: ByteString;
  readonly end: ByteString | undefined;
}

/** What a user's roles let it read and write together. */
export class PermittedRanges {
  readonly #all: boolean;
  readonly #read: readonly Span[];
  readonly #write: readonly Span[];

  constructor(state: AuthState, user: string) {
    const roles = state.users.get(user)?.roles ?? [];
    this.#all = roles.includes(ROOT);
    const permissions = roles.flatMap((role) => state.roles.get(role)?.permissions ?? []);
    const spans = (other: number): Span[] =>
      merge(
        permissions.filter(({ type }) => type === other || type === PermissionType.readWrite).map(spanOf),
      );
    this.#read = spans(PermissionType.read);
    this.#write = spans(PermissionType.write);
  }

  get isRoot(): boolean {
    return this.#all;
  }

  /** `rangeEnd` as on the wire: empty for the key alone, a zero byte for all from the key on. */
  mayRead(key: ByteString, rangeEnd: ByteString): boolean {
    return this.#all || covers(this.#read, spanOf({ key, rangeEnd }));
  }

  mayWrite(key: ByteString, rangeEnd: ByteString): boolean {
    return this.#all || covers(this.#write, spanOf({ key, rangeEnd }));
  }
}

function spanOf({ key, rangeEnd }: Pick<Permission, "key" | "rangeEnd">): Span {
  if (rangeEnd === "\0") return { key, end: undefined };
  // A range that ends before it begins holds nothing; it is let through by whoever may use its first key.
  return { key, end: rangeEnd > key ? rangeEnd : `${key}\0` };
}

/** Spans that overlap or meet become one; in order. */
function merge(spans: Span[]): Span[] {
  const merged: Span[] = [];
  for (const span of spans.sort((left, right) => (left.key < right.key ? -1 : 1))) {
    const last = merged.at(-1);
    if (last === undefined || (last.end !== undefined && last.end < span.key)) merged.push(span);
    else if (last.end !== undefined && (span.end === undefined || span.end > last.end)) {
      merged[merged.length - 1] = { key: last.key, end: span.end };
    }
  }
  return merged;
}

/** Whether one of the merged spans holds the whole span: the last that begins no later. */
function covers(merged: readonly Span[], { key, end }: Span): boolean {
  let low = 0;
  let high = merged.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (merged[middle]!.key <= key) low = middle + 1;
    else high = middle;
  }
  const before = merged[low - 1];
  if (before === undefined) return false;
  return before.end === undefined || (end !== undefined && end <= before.end);
}
