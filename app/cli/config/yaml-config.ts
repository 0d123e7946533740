import {
  Document,
  type ErrorCode,
  type YAMLMap,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  parseAllDocuments,
} from "yaml";
import { Fault } from "@plinth/fault";
import { quoted } from "@plinth/resource";
import type { ConfigProblem } from "./config-fault.ts";
import { LineIndex, type SourceMap, type Span } from "./source-map.ts";

/** Aliases may multiply a small file into gigabytes ("billion laughs"); no honest config has this many. */
const ALIASES_MAX = 100;
/** Deeper than any config; the parser recurses, and must not run out of stack. */
const DEPTH_MAX = 64;
const MERGE_KEY = "<<";

export interface ParsedConfig {
  readonly value: unknown;
  readonly map: SourceMap;
  readonly problems: readonly ConfigProblem[];
}

/** Parses a JSON config; YAML, which contains JSON, tells places and names that stand twice. */
export function parseJsonConfig(text: string): ParsedConfig {
  try {
    JSON.parse(text);
  } catch (error) {
    const { message } = error as SyntaxError;
    const at = Number(/at position (\d+)/.exec(message)?.[1] ?? text.length);
    const problem = { path: [], message: `not valid JSON: ${message.replace(/ \(line.*$|, ".*$/s, "")}` };
    const span = new LineIndex(text).span(at, at + 1);
    return { value: undefined, map: { place: () => undefined }, problems: [{ ...problem, ...span }] };
  }
  return parseYamlConfig(text);
}

/** Parses YAML 1.2. */
export function parseYamlConfig(text: string): ParsedConfig {
  const lines = new LineIndex(text);
  const nothing: SourceMap = { place: () => undefined };
  const failed = (message: string, span?: Span, more: Partial<ConfigProblem> = {}): ParsedConfig => ({
    value: undefined,
    map: nothing,
    problems: [{ path: [], message, ...span, ...more }],
  });

  const deep = tooDeep(text);
  if (deep !== undefined) return failed(`nested deeper than ${DEPTH_MAX} levels`, lines.span(deep, deep + 1));
  const documents = parseAllDocuments(text, { prettyErrors: false, merge: true, uniqueKeys: true });
  const [first, second] = Array.isArray(documents) ? documents : [];
  if (first === undefined)
    return failed("the file is empty", undefined, { expected: "a config with name and services" });
  if (second?.contents !== undefined && second.contents !== null) {
    const at = second.range[0];
    return failed("a second document begins here", lines.span(at, at + 3), { expected: "one document" });
  }
  const problems = [...first.errors, ...first.warnings].map(({ code, message, pos }): ConfigProblem => {
    const word = wordAt(text, pos[0]);
    const end = code === "DUPLICATE_KEY" ? pos[0] + word.length : pos[1];
    return Object.assign(lines.span(pos[0], end), { path: [], message: explain(code, message, word) });
  });
  if (problems.length > 0) return { value: undefined, map: nothing, problems };

  let value: unknown;
  try {
    value = first.toJS({ maxAliasCount: ALIASES_MAX });
  } catch (error) {
    return failed(`aliases multiply into too much: ${(error as Error).message}`, undefined, {
      expected: `at most ${ALIASES_MAX} values behind aliases`,
    });
  }
  const contents = first.contents;
  if (contents === null)
    return failed("the file is empty", undefined, { expected: "a config with name and services" });
  return { value, map: { place: (path, part) => placeIn(first, path, part, lines) }, problems: [] };
}

function explain(code: ErrorCode, message: string, word: string): string {
  if (code === "DUPLICATE_KEY") return `${quoted(word.replace(/^"(.*)"$/, "$1"))} stands here a second time`;
  if (code === "TAG_RESOLVE_FAILED") return `unknown tag ${quoted(word)}: a config is plain data`;
  return `not valid YAML: ${message}`;
}

function wordAt(text: string, offset: number): string {
  const word = /"(?:[^"\\\n]|\\.)*"|[^\s:,{}[\]]+/y;
  word.lastIndex = offset;
  return word.exec(text)?.[0] ?? "";
}

/** Offset of the bracket or indentation that opens one level too many. */
function tooDeep(text: string): number | undefined {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text.charCodeAt(at);
    if (character === 0x5b || character === 0x7b) depth++;
    else if (character === 0x5d || character === 0x7d) depth = Math.max(0, depth - 1);
    else if (character === 0x0a && depth <= DEPTH_MAX) continue;
    if (depth > DEPTH_MAX) return at;
  }
  // Block collections nest by indentation ("- - - -" on one line too).
  const dashes = /^[ ]*(?:- ){64}/m.exec(text);
  return dashes?.index;
}

function placeIn(
  root: Document,
  path: readonly (string | number)[],
  part: "key" | "value",
  lines: LineIndex,
): Span | undefined {
  const meant = (alias: unknown): unknown => (isAlias(alias) ? alias.resolve(root) : alias);
  let node: unknown = root.contents;
  let key: unknown;
  for (const step of path) {
    node = meant(node);
    if (isMap(node)) {
      const pair = pairIn(node, step, meant);
      if (pair === undefined) return undefined;
      key = pair.key;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(step)];
      key = node;
    } else {
      return undefined;
    }
  }
  const chosen = part === "key" ? (key ?? node) : (node ?? key);
  if (!isNode(chosen) || chosen.range === undefined || chosen.range === null) return undefined;
  const [start, end] = chosen.range;
  // A whole collection is best pointed at by its key.
  if (part === "value" && (isMap(chosen) || isSeq(chosen)) && isNode(key) && key.range) {
    return lines.span(key.range[0], key.range[1]);
  }
  return lines.span(start, end);
}

type Pair = YAMLMap["items"][number];

/** A map's own pair of a key, else one that it merges in: what is written first counts. */
function pairIn(map: YAMLMap, step: string | number, meant: (alias: unknown) => unknown): Pair | undefined {
  // The key of a merge is a symbol, so that a text may say the same.
  const name = ({ key }: Pair): unknown =>
    isScalar(key) ? (typeof key.value === "symbol" ? key.value.description : String(key.value)) : key;
  const own = map.items.find((item) => name(item) === step);
  if (own !== undefined) return own;
  for (const item of map.items) {
    if (name(item) !== MERGE_KEY) continue;
    const merged = meant(item.value);
    for (const each of isSeq(merged) ? merged.items : [merged]) {
      const other = meant(each);
      const found = isMap(other) ? pairIn(other, step, meant) : undefined;
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

/** The values of a YAML stream, for `apply`. */
export function parseDocuments(text: string, name: string): unknown[] {
  if (tooDeep(text) !== undefined)
    throw new Fault("invalid", `Cannot read "${name}": nested deeper than ${DEPTH_MAX} levels`);
  const documents = parseAllDocuments(text, { uniqueKeys: true });
  return (Array.isArray(documents) ? documents : [])
    .filter((document) => document.contents !== null || document.errors.length > 0)
    .map((document) => {
      const [error] = [...document.errors, ...document.warnings];
      if (error !== undefined)
        throw new Fault("invalid", `Cannot read "${name}": ${error.message}`, { cause: error });
      return document.toJS({ maxAliasCount: ALIASES_MAX }) as unknown;
    });
}

/** A value as YAML, for `get -o yaml`. */
export function toYaml(value: unknown): string {
  return new Document(value).toString({ lineWidth: 0 });
}
