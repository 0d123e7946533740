/** Bracketed classes: ranges, escapes, `[:names:]`, classes within, and intersections by `&&`. */
import { classes, escapedClasses, escapedCode } from "./character-set.ts";
import type { PatternReader } from "./pattern-reader.ts";
import { DEPTH_MAX, Refusal } from "./syntax.ts";

/** Reads on after the bracket that opens it; the source of the same class in JavaScript. */
export function parseClass(reader: PatternReader, depth: number = 0): string {
  if (depth > DEPTH_MAX) throw new Refusal("classes are nested too deep");
  const isNegated = reader.take("^");
  const operands: string[] = [];
  let items = "";
  let isFirst = true;
  for (;;) {
    if (reader.isAtEnd) throw new Refusal("a class is not closed");
    if (reader.take("&&")) {
      operands.push(`[${items}]`);
      items = "";
      continue;
    }
    // A bracket in the first place is itself, if another closes the class.
    if (reader.peek === "]" && !(isFirst && reader.hasAhead("]"))) {
      reader.next();
      break;
    }
    isFirst = false;
    items += parseItem(reader, depth);
  }
  operands.push(`[${items}]`);
  const inner = operands.join("&&");
  if (operands.length > 1) return isNegated ? `[^${inner}]` : `[${inner}]`;
  return isNegated ? `[^${items}]` : `[${items}]`;
}

function parseItem(reader: PatternReader, depth: number): string {
  if (reader.take("[:")) {
    const named = parseNamed(reader);
    if (named !== undefined) return named;
    return escapedCode(0x5b) + escapedCode(0x3a);
  }
  if (reader.take("[")) return parseClass(reader, depth + 1);
  const low = parseMember(reader);
  if (typeof low === "string") return low;
  if (reader.peek !== "-" || reader.peekAt(1) === "]" || reader.peekAt(1) === "") return escapedCode(low);
  const before = reader.at;
  reader.next();
  if (reader.startsWith("[") || reader.startsWith("&&")) {
    reader.at = before;
    return escapedCode(low);
  }
  const high = parseMember(reader);
  // Before a class of characters a dash is itself.
  if (typeof high === "string") return escapedCode(low) + escapedCode(0x2d) + high;
  if (high < low) throw new Refusal("a range is empty");
  const range = `${escapedCode(low)}-${escapedCode(high)}`;
  // A dash after a range is itself, whatever follows.
  return reader.peek === "-" && reader.take("-") ? range + escapedCode(0x2d) : range;
}

/** `[:name:]` or `[:^name:]`, after `[:`; undefined: it is not closed so, and nothing is read. */
function parseNamed(reader: PatternReader): string | undefined {
  const found = reader.takeMatch(/(\^?)([a-zA-Z]+):\]/y);
  if (found === undefined) return undefined;
  const source = namedClass(found[2]!.toLowerCase());
  return found[1] === "^" ? `[^${source}]` : source;
}

function namedClass(name: string): string {
  if (!Object.hasOwn(classes, name)) throw new Refusal(`there is no class named ${name}`);
  return classes[name]!;
}

/** A code point, or the source of a class. */
function parseMember(reader: PatternReader): number | string {
  if (!reader.take("\\")) return reader.nextCode();
  const letter = reader.peek;
  if (Object.hasOwn(escapedClasses, letter)) {
    reader.next();
    return escapedClasses[letter]!;
  }
  if (letter === "p" || letter === "P") {
    reader.next();
    return parseProperty(reader, letter === "P");
  }
  if (reader.take("b")) return 0x08;
  return reader.escapedCode();
}

/** `{name}` or `{^name}`, after `\p` or `\P`: the source of a class. */
export function parseProperty(reader: PatternReader, isNegated: boolean): string {
  const found = reader.takeMatch(/\{(\^?)([A-Za-z0-9_ -]+)\}/y);
  if (found === undefined) throw new Refusal("a property's name is not in braces");
  const source = propertyClass(found[2]!);
  return isNegated !== (found[1] === "^") ? `[^${source}]` : source;
}

/** Categories, scripts and binary properties, however their names are spelt. */
function propertyClass(given: string): string {
  const name = given.replace(/[ _-]/g, "").toLowerCase();
  if (Object.hasOwn(classes, name)) return classes[name]!;
  if (name === "any") return String.raw`[\0-\u{10ffff}]`;
  const words = given
    .split(/[ _-]+/)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1).toLowerCase());
  for (const spelt of [given, words.join("_")]) {
    for (const source of [`\\p{${spelt}}`, `\\p{Script=${spelt}}`]) {
      try {
        return `[${new RegExp(source, "v").source}]`;
      } catch {
        // Not under this name.
      }
    }
  }
  throw new Refusal(`there is no property named ${given}`);
}
