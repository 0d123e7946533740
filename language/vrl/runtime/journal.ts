/**
 * What a program has changed, so that `abort` can take it back: for each change what was there before, undone in
 * reverse. Arrays and objects stay the same ones throughout. Only programs that can abort keep one.
 */
import { isObject } from "./kind-of.ts";
import { getKey, setKey } from "./object.ts";
import type { Path } from "./path.ts";
import type { Value, VrlObject } from "./value.ts";

/** The event and its metadata, as a program gets and leaves them. */
export interface Target {
  event: Value;
  metadata: Value;
}

/** What an object had at a key (undefined: nothing), or an array's elements. */
type Note =
  | { readonly object: VrlObject | Target; readonly key: string; readonly before: Value | undefined }
  | { readonly array: Value[]; readonly before: readonly Value[] };

export class Journal {
  readonly #notes: Note[] = [];

  /** Notes what `object` has at `key`, before something else is put there. */
  note(object: VrlObject | Target, key: string): void {
    this.#notes.push({ object, key, before: getKey(object as VrlObject, key) });
  }

  /** Notes all that changes where something is put or removed at `path` of a root, with what becomes empty by it. */
  noteAlong(target: Target, root: "event" | "metadata", path: Path): void {
    this.note(target, root);
    let holder: Value | undefined = target[root];
    for (const segment of path) {
      if (Array.isArray(holder)) {
        this.#notes.push({ array: holder, before: holder.slice() });
        holder = typeof segment === "number" ? holder.at(segment) : undefined;
      } else if (isObject(holder) && typeof segment === "string") {
        this.note(holder, segment);
        holder = getKey(holder, segment);
      } else return;
    }
  }

  /** Takes everything back. */
  undo(): void {
    for (let note = this.#notes.pop(); note !== undefined; note = this.#notes.pop()) {
      if ("array" in note) {
        note.array.length = 0;
        for (const element of note.before) note.array.push(element);
      } else if (note.before === undefined) delete (note.object as VrlObject)[note.key];
      else setKey(note.object as VrlObject, note.key, note.before);
    }
  }

  clear(): void {
    if (this.#notes.length > 0) this.#notes.length = 0;
  }
}
