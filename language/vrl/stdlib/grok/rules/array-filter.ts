/** `array([brackets,] [delimiter,] [filter])`: a list in brackets, of elements between delimiters. */
import type { Value } from "../../../runtime/value.ts";
import { byteLength } from "../../../runtime/text.ts";
import { trimmed } from "../../string/whitespace.ts";
import type { Filter } from "./filter.ts";
import type { Argument, Call } from "./parse-reference.ts";

/** Undefined: the arguments are none of its. */
export function arrayFilter(
  given: readonly Argument[],
  filterOf: (call: Call) => Filter,
): ((text: string) => Value | undefined) | undefined {
  const texts: string[] = [];
  let filter: Filter | undefined;
  for (const [index, argument] of given.entries()) {
    if ("call" in argument) {
      // The filter is the last, and three with it are as many as there are.
      if (index !== given.length - 1) return undefined;
      filter = filterOf(argument.call);
    } else if (typeof argument.value === "string") texts.push(argument.value);
    else return undefined;
  }
  if (texts.length > 2 || (given.length === 3 && filter === undefined)) return undefined;
  const delimiter = texts.at(-1) ?? ",";
  const brackets = texts.length === 2 ? bracketsOf(texts[0]!) : (["[", "]"] as const);
  if (brackets === undefined) return undefined;
  return (text) => {
    const elements = split(text, brackets, delimiter);
    if (elements === undefined || filter === undefined) return elements;
    const filtered: Value[] = [];
    for (const element of elements) {
      const value = filter(element);
      if (value === undefined) return undefined;
      filtered.push(value);
    }
    return filtered;
  };
}

type Brackets = readonly [open: string, close: string];

function bracketsOf(text: string): Brackets | undefined {
  if (text.length !== byteLength(text) || text.length > 2) return undefined;
  return text.length < 2 ? [text, text] : [text.charAt(0), text.charAt(1)];
}

function split(text: string, [open, close]: Brackets, delimiter: string): string[] | undefined {
  if (delimiter === "") return undefined;
  if (open === "") {
    const elements = text.split(delimiter);
    // The last is counted in bytes where it is taken in characters: it has to be ASCII.
    const last = elements.at(-1)!;
    return last.length === byteLength(last) ? elements : undefined;
  }
  if (!text.startsWith(open)) return undefined;
  const elements: string[] = [];
  let at = open.length;
  for (;;) {
    const next = text.indexOf(delimiter, at);
    const end = next === -1 ? text.indexOf(close, at) : next;
    if (end === -1) return undefined;
    elements.push(text.slice(at, end));
    at = end;
    if (next === -1) break;
    at += delimiter.length;
  }
  const rest = text.slice(at + close.length);
  return trimmed(rest) === "" ? elements : undefined;
}
