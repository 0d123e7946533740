import { closingQuote } from "./closing-quote.ts";
import { type Lookup, interpolate } from "./interpolate.ts";

export interface EnvironmentFile {
  readonly values: ReadonlyMap<string, string>;
  readonly problems: readonly { readonly line: number; readonly message: string }[];
  /** Variables that its values name and nobody sets. */
  readonly unset: readonly { readonly line: number; readonly name: string }[];
}

/** What a key is made of; a dot or a hyphen is fine for Compose. */
const KEY = /(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_.-]*)[ \t]*/y;
const ESCAPES: Readonly<Record<string, string>> = {
  n: "\n",
  r: "\r",
  t: "\t",
  '"': '"',
  "\\": "\\",
  $: "$$",
};

/**
 * Reads a file of variables as Compose does: comments, `export`, quotes that may span lines, and variables of the
 * environment or of lines above. A name alone takes its value from the environment.
 */
export function parseEnvironmentFile(text: string, lookup: Lookup): EnvironmentFile {
  const values = new Map<string, string>();
  const problems: { line: number; message: string }[] = [];
  const unset: { line: number; name: string }[] = [];
  const source = text.replace(/^\uFEFF/, "").replaceAll("\r\n", "\n");
  let at = 0;
  let line = 1;
  const lineEnd = (): number => {
    const end = source.indexOf("\n", at);
    return end === -1 ? source.length : end;
  };
  const goTo = (to: number): void => {
    line += source.slice(at, to).split("\n").length - 1;
    at = to;
  };
  const inherited = (name: string): string | undefined => lookup(name) ?? values.get(name);
  const set = (name: string, raw: string): void => {
    const result = interpolate(raw, inherited);
    if (result.problem !== undefined) problems.push({ line, message: result.problem });
    else values.set(name, result.text);
    unset.push(...result.unset.map((missing) => ({ line, name: missing })));
  };

  while (at < source.length) {
    const blank = /[ \t]*/y;
    blank.lastIndex = at;
    goTo(at + blank.exec(source)![0].length);
    const here = source[at];
    if (here === "#" || here === "\n" || here === undefined) {
      goTo(Math.min(lineEnd() + 1, source.length));
      continue;
    }
    KEY.lastIndex = at;
    const match = KEY.exec(source);
    const name = match?.[1];
    const behind = at + (match?.[0].length ?? 0);
    const sign = source[behind];
    if (name === undefined || (sign !== "=" && sign !== ":" && sign !== "\n" && sign !== undefined)) {
      problems.push({ line, message: "not a line NAME=VALUE" });
      goTo(Math.min(lineEnd() + 1, source.length));
      continue;
    }
    if (sign === "\n" || sign === undefined) {
      const value = inherited(name);
      if (value !== undefined) values.set(name, value);
      goTo(Math.min(behind + 1, source.length));
      continue;
    }
    const valueAt = /[ \t]*/y;
    valueAt.lastIndex = behind + 1;
    const start = behind + 1 + valueAt.exec(source)![0].length;
    const quote = source[start];
    if (quote !== '"' && quote !== "'") {
      goTo(start);
      const raw = source.slice(at, lineEnd()).replace(/(^|[ \t]+)#.*$/, "");
      set(name, raw.trimEnd());
    } else {
      const end = closingQuote(source, start + 1, quote);
      if (end === undefined) {
        problems.push({ line, message: `a ${quote} has no closing one` });
        break;
      }
      const raw = source.slice(start + 1, end);
      if (quote === "'") values.set(name, raw);
      else
        set(
          name,
          raw.replace(/\\([nrt"\\$])/g, (_, escaped: string) => ESCAPES[escaped]!),
        );
      goTo(end + 1);
    }
    goTo(Math.min(lineEnd() + 1, source.length));
  }
  return { values, problems, unset };
}

/** NAME=VALUE lines exactly as they stand, which `format: raw` asks for. */
export function parseRawEnvironmentFile(text: string): EnvironmentFile {
  const values = new Map<string, string>();
  for (const line of text.replace(/^\uFEFF/, "").split(/\r?\n/)) {
    const equals = line.indexOf("=");
    if (equals > 0 && !line.trimStart().startsWith("#"))
      values.set(line.slice(0, equals), line.slice(equals + 1));
  }
  return { values, problems: [], unset: [] };
}
