export type Lookup = (name: string) => string | undefined;

export interface Interpolated {
  readonly text: string;
  /** Variables that are not set and have no default. */
  readonly unset: readonly string[];
  /** Why it cannot be replaced; `text` is of no use then. */
  readonly problem?: string;
}

/** Defaults stand in defaults; deeper than this nobody can read them. */
const DEPTH_MAX = 20;
const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;

class Unusable extends Error {}

/** Replaces variables in a text as the Compose specification says; `$$` is a dollar sign. */
export function interpolate(text: string, lookup: Lookup): Interpolated {
  if (!text.includes("$")) return { text, unset: [] };
  const unset: string[] = [];
  try {
    return { text: replaced(text, lookup, unset, 0), unset };
  } catch (error) {
    if (!(error instanceof Unusable)) throw error;
    return { text: "", unset: [], problem: error.message };
  }
}

function replaced(text: string, lookup: Lookup, unset: string[], depth: number): string {
  if (depth > DEPTH_MAX) throw new Unusable(`variables stand in each other more than ${DEPTH_MAX} deep`);
  let result = "";
  let at = 0;
  for (let dollar = text.indexOf("$"); dollar !== -1; dollar = text.indexOf("$", at)) {
    result += text.slice(at, dollar);
    const next = text[dollar + 1];
    if (next === "$") {
      result += "$";
      at = dollar + 2;
    } else if (next === "{") {
      const close = closing(text, dollar + 2);
      if (close === undefined) throw new Unusable("a ${ has no closing }");
      result += braced(text.slice(dollar + 2, close), lookup, unset, depth);
      at = close + 1;
    } else {
      const name = nameAt(text, dollar + 1);
      if (name === undefined)
        throw new Unusable("a $ is followed by no variable; write $$ for a dollar sign");
      result += valueOf(name, lookup, unset);
      at = dollar + 1 + name.length;
    }
  }
  return result + text.slice(at);
}

function braced(inside: string, lookup: Lookup, unset: string[], depth: number): string {
  const name = nameAt(inside, 0);
  if (name === undefined)
    throw new Unusable("${ is followed by no variable; write $${ for the two characters");
  const rest = inside.slice(name.length);
  if (rest === "") return valueOf(name, lookup, unset);
  const [, colon, operator, word] = /^(:?)([-?+])([^]*)$/.exec(rest) ?? [];
  if (operator === undefined || word === undefined)
    throw new Unusable(`after \${${name} comes none of } :- - :? ? :+ +`);
  const value = lookup(name);
  const isThere = value !== undefined && (colon === "" || value !== "");
  const expanded = (): string => replaced(word, lookup, unset, depth + 1);
  if (operator === "-") return isThere ? value : expanded();
  if (operator === "+") return isThere ? expanded() : "";
  if (isThere) return value;
  const why = expanded();
  const state = value === undefined ? "is not set" : "is empty";
  throw new Unusable(`the variable ${name} ${state}${why === "" ? "" : `: ${why}`}`);
}

function valueOf(name: string, lookup: Lookup, unset: string[]): string {
  const value = lookup(name);
  if (value === undefined) unset.push(name);
  return value ?? "";
}

function nameAt(text: string, at: number): string | undefined {
  NAME.lastIndex = at;
  return NAME.exec(text)?.[0];
}

/** Where the brace closes that opened before `from`. */
function closing(text: string, from: number): number | undefined {
  let depth = 1;
  for (let at = from; at < text.length; at++) {
    const two = text.slice(at, at + 2);
    if (two === "$$") at++;
    else if (two === "${") {
      depth++;
      at++;
    } else if (text[at] === "}" && --depth === 0) return at;
  }
  return undefined;
}
