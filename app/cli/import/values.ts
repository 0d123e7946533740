import type { Notes } from "./notes.ts";
import { type ListPart, type Part, isList, isMap, isNull } from "./part.ts";

/** Reads values as Compose does, which takes numbers and booleans also as text, as variables give them. */
export class Values {
  readonly #notes: Notes;

  constructor(notes: Notes) {
    this.#notes = notes;
  }

  text(part: Part | undefined, expected = "text"): string | undefined {
    if (part === undefined || isNull(part)) return undefined;
    const { value } = part;
    if (typeof value === "string" || typeof value === "boolean") return String(value);
    if (typeof value === "number") {
      // Digits would be lost without anybody noticing.
      if (!Number.isInteger(value) || Number.isSafeInteger(value)) return String(value);
      this.#notes.wrong(part, `${expected}; a number this long in quotes`);
      return undefined;
    }
    this.#notes.wrong(part, expected);
    return undefined;
  }

  number(part: Part | undefined, expected = "a number"): number | undefined {
    if (part === undefined || isNull(part)) return undefined;
    const { value } = part;
    const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
    if (typeof number === "number" && Number.isFinite(number)) return number;
    this.#notes.wrong(part, expected);
    return undefined;
  }

  integer(part: Part | undefined, expected = "a whole number"): number | undefined {
    const number = this.number(part, expected);
    if (number === undefined || Number.isInteger(number)) return number;
    this.#notes.wrong(part!, expected);
    return undefined;
  }

  flag(part: Part | undefined): boolean | undefined {
    if (part === undefined || isNull(part)) return undefined;
    const { value } = part;
    if (typeof value === "boolean") return value;
    // What YAML 1.1 took for a boolean, Compose still does.
    const word = typeof value === "string" ? value.toLowerCase() : "";
    if (["true", "yes", "y", "on"].includes(word)) return true;
    if (["false", "no", "n", "off"].includes(word)) return false;
    this.#notes.wrong(part, "true or false");
    return undefined;
  }

  list(part: Part | undefined, expected = "a list"): readonly Part[] {
    if (part === undefined || isNull(part)) return [];
    if (isList(part)) return part.value;
    this.#notes.wrong(part, expected);
    return [];
  }

  /** A list, or one thing that stands for a list of one. */
  oneOrMore(part: Part | undefined): readonly Part[] {
    if (part === undefined || isNull(part)) return [];
    return isList(part) ? part.value : [part];
  }

  texts(part: Part | undefined, expected = "a list of texts"): readonly string[] {
    return this.list(part, expected).flatMap((each) => this.text(each) ?? []);
  }

  map(part: Part | undefined, expected = "names with their values"): ReadonlyMap<string, Part> {
    if (part === undefined || isNull(part)) return new Map();
    if (isMap(part)) return part.value;
    this.#notes.wrong(part, expected);
    return new Map();
  }

  /** A map, or a list of NAME=VALUE, which say the same; a name alone has an empty value. */
  pairs(part: Part | undefined, separator = "="): ReadonlyMap<string, Part> {
    if (!isList(part)) return this.map(part, "names with their values, or a list of NAME=VALUE");
    return pairsOf(part, separator);
  }
}

/** A list of NAME=VALUE as a map; what is no text is left for others to complain about. */
export function pairsOf(part: ListPart, separator: string): ReadonlyMap<string, Part> {
  const pairs = new Map<string, Part>();
  for (const each of part.value) {
    if (typeof each.value !== "string") continue;
    const at = each.value.indexOf(separator);
    const name = at === -1 ? each.value : each.value.slice(0, at);
    pairs.set(name, { ...each, value: at === -1 ? null : each.value.slice(at + separator.length) });
  }
  return pairs;
}
