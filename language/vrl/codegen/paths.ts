/** Reading and writing parts of the event, its metadata and variables. */
import type { Path, Segment } from "../runtime/path.ts";
import { Regex } from "../runtime/regex.ts";
import { Timestamp } from "../runtime/timestamp.ts";
import { Float } from "../runtime/value.ts";
import type { Emitter } from "./emitter.ts";
import { stringLiteral } from "./literals.ts";

/** Names that something that is no object of data has as a property, so that finding one there says nothing. */
const foreignNames: ReadonlySet<string> = new Set(
  [
    Object.prototype,
    Array.prototype,
    String.prototype,
    Number.prototype,
    BigInt.prototype,
    Boolean.prototype,
    Uint8Array.prototype,
    Object.getPrototypeOf(Uint8Array.prototype) as object,
    Float.prototype,
    Timestamp.prototype,
    Regex.prototype,
    new Float(1),
    new Timestamp(0, 0),
    "",
  ].flatMap((each) => Object.getOwnPropertyNames(each)),
);

/** Regexes' own properties, known without making one. */
const REGEX_NAMES = new Set(["source"]);

function isForeign(name: string): boolean {
  return foreignNames.has(name) || REGEX_NAMES.has(name) || /^(0|[1-9][0-9]*)$/.test(name);
}

function property(name: string): string {
  return /^[A-Za-z_$][A-Za-z0-9_$]*$/.test(name) ? `.${name}` : `[${stringLiteral(name)}]`;
}

function optionalProperty(name: string): string {
  const access = property(name);
  return access.startsWith(".") ? `?${access}` : `?.${access}`;
}

/** One step of a path; undefined where it leads nowhere. */
function step(from: string, segment: Segment): string {
  if (typeof segment === "number") return `elementAt(${from}, ${segment})`;
  if (isForeign(segment)) return `fieldOf(${from}, ${stringLiteral(segment)})`;
  return from + optionalProperty(segment);
}

/** What is at `path` of `root`: JavaScript that yields `undefined` where nothing is. */
export function readPath(root: string, path: Path): string {
  let code = root;
  for (const segment of path) code = step(code, segment);
  return code;
}

/** Where a value can be put: a variable of the generated code that holds the root. */
export interface Root {
  /** JavaScript variable. */
  readonly variable: string;
  /** Whether it holds an object whenever something is put into it. */
  readonly isObject: boolean;
  /** The event or metadata; undefined: one of the program's variables, which nothing takes back. */
  readonly target: "event" | "metadata" | undefined;
}

/** Whether nothing is made on the way to `path` before `writePath` takes the value, which may be of the same root. */
export function isPutAtOnce({ isObject }: Root, path: Path): boolean {
  return path.length === 0 || hasIndex(path) || (isObject && path.length === 1);
}

function hasIndex(path: Path): boolean {
  return path.some((segment) => typeof segment === "number");
}

/** Puts `value`, which is used once, at `path` of `root`. */
export function writePath(
  emitter: Emitter,
  { variable, isObject, target }: Root,
  path: Path,
  value: string,
  isJournaled: boolean,
): void {
  const journaled = isJournaled && target !== undefined;
  if (path.length === 0) {
    if (journaled) emitter.line(`journal.note(target, ${stringLiteral(target)});`);
    emitter.line(
      target === undefined ? `${variable} = ${value};` : `target.${target} = ${variable} = ${value};`,
    );
    return;
  }
  if (hasIndex(path)) {
    if (journaled)
      emitter.line(`journal.noteAlong(target, ${stringLiteral(target)}, ${emitter.constant(path)});`);
    const put = `insertAt(${variable}, ${emitter.constant(path)}, ${value})`;
    emitter.line(target === undefined ? `${variable} = ${put};` : `target.${target} = ${variable} = ${put};`);
    return;
  }
  if (!isObject) {
    const journal = journaled ? `journal.note(target, ${stringLiteral(target)}); ` : "";
    const created = target === undefined ? `${variable} = {};` : `target.${target} = ${variable} = {};`;
    emitter.line(`if (!isObject(${variable})) { ${journal}${created} }`);
  }
  let holder = variable;
  for (const [index, segment] of path.entries()) {
    const name = segment as string;
    const note = journaled ? `journal.note(${holder}, ${stringLiteral(name)}); ` : "";
    if (index === path.length - 1) {
      if (note !== "") emitter.line(note.trimEnd());
      emitter.line(`${assignment(holder, name, value)};`);
      return;
    }
    const inner = emitter.name("t");
    emitter.line(`let ${inner} = ${step(holder, name)};`);
    emitter.line(`if (!isObject(${inner})) { ${note}${inner} = {}; ${assignment(holder, name, inner)}; }`);
    holder = inner;
  }
}

function assignment(holder: string, name: string, value: string): string {
  if (name === "__proto__") return `setKey(${holder}, ${stringLiteral(name)}, ${value})`;
  return `${holder}${property(name)} = ${value}`;
}
