import { nearestName, quoted } from "@plinth/resource";
import type { ConfigProblem } from "../config/config-fault.ts";
import { type Part, type Path, plain } from "./part.ts";

/**
 * Something that is not brought over as it stands. `ignored`: the app runs all the same. `refused`: it would be another
 * app, or less protected. `remark`: what a reader of the written config should know, and nobody else.
 */
export interface Note {
  readonly kind: "ignored" | "refused" | "remark";
  readonly file: string;
  /** 1-based; absent where the place cannot be told. */
  readonly line?: number;
  readonly column?: number;
  readonly length?: number;
  /** Keys from the file's root. */
  readonly path: Path;
  /** What it would have done, or what is wrong with it. */
  readonly message: string;
  /** What to do in its place. */
  readonly instead?: string;
  readonly expected?: string;
  readonly received?: string;
  readonly suggestion?: string;
}

type More = Pick<Note, "instead" | "expected" | "received" | "suggestion">;

/** Collects what is not brought over, each with its place. */
export class Notes {
  readonly #all: Note[] = [];
  /** What several services take over from one place is said once. */
  readonly #said: Set<string> = new Set();

  ignored(part: Part, message: string, instead?: string): void {
    this.#add("ignored", part, message, instead === undefined ? {} : { instead });
  }

  refused(part: Part, message: string, instead?: string): void {
    this.#add("refused", part, message, instead === undefined ? {} : { instead });
  }

  remark(part: Part, message: string): void {
    this.#add("remark", part, message, {});
  }

  /** A value of another type or form than Compose takes. */
  wrong(part: Part, expected: string): void {
    this.#add("refused", part, "cannot be read", { expected, received: quoted(plain(part)) }, "value");
  }

  /** A key or name that there is not. */
  unknown(part: Part, what: string, name: string, among: Iterable<string>): void {
    const suggestion = nearestName(name, among);
    this.#add("refused", part, `there is no ${what} ${quoted(name)}`, {
      ...(suggestion !== undefined && { suggestion }),
    });
  }

  #add(kind: Note["kind"], part: Part, message: string, more: More, at: "key" | "value" = "key"): void {
    const { source, path } = part;
    const note = { kind, file: source.file, ...placeOf(part, at), path, message, ...more };
    const key = JSON.stringify([source.file, path, message]);
    if (!this.#said.has(key)) this.#all.push(note);
    this.#said.add(key);
  }

  /** In the order in which a reader meets them, file by file. */
  get sorted(): readonly Note[] {
    const files = [...new Set(this.#all.map(({ file }) => file))];
    return this.#all.toSorted(
      (one, other) =>
        files.indexOf(one.file) - files.indexOf(other.file) ||
        (one.line ?? 0) - (other.line ?? 0) ||
        (one.column ?? 0) - (other.column ?? 0),
    );
  }
}

/** Where a part stands, or the nearest thing around it. */
export function placeOf({ source, path }: Part, at: "key" | "value" = "key"): object {
  for (let length = path.length; length > 0; length--) {
    const place = source.map.place(path.slice(0, length), length === path.length ? at : "key");
    if (place !== undefined) return place;
  }
  return {};
}

/** As a config's problems are shown. */
export function problemOf(note: Note): ConfigProblem {
  const { message, instead } = note;
  return instead === undefined ? note : { ...note, message: `${message}; ${instead}` };
}
