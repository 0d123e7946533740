import type { MvccCompare, MvccOperation } from "@plinth/store";
import { globalFlags } from "../command-table.ts";
import { UsageFault } from "../exit-code.ts";
import { accessFlags } from "../kv-command.ts";
import { parseCommandLine } from "../parse.ts";
import { deleteOf, layoutOf, putOf, queryOf, type Said } from "./request.ts";
import type { Layout } from "./shown.ts";
import { parseCompare } from "./txn-compare.ts";
import { sections, type SourceLine, SyntaxFault, wordsOf } from "./txn-source.ts";

/** Flags that are the whole transaction's. */
const OUTSIDE: ReadonlySet<string> = new Set([
  "consistency",
  ...[...accessFlags, ...globalFlags].map(({ name }) => name),
]);

export interface Step {
  readonly operation: MvccOperation;
  readonly layout: Layout;
}

export interface ParsedTransaction {
  readonly compares: readonly MvccCompare[];
  readonly success: readonly Step[];
  readonly failure: readonly Step[];
}

/** Reads a transaction in etcdctl's words; SyntaxFault with line and column where it is none. */
export function parseTransaction(source: string): ParsedTransaction {
  const [compares, success, failure] = sections(source);
  return {
    compares: compares.map(parseCompare),
    success: success.map(stepOf),
    failure: failure.map(stepOf),
  };
}

/** Reads a line as `plinth kv get`, `put` or `del` would. */
function stepOf(line: SourceLine): Step {
  const words = wordsOf(line);
  const [verb, ...rest] = words;
  if (verb?.text !== "get" && verb?.text !== "put" && verb?.text !== "del") {
    throw new SyntaxFault(line, verb?.at ?? 0, "expected get, put or del");
  }
  try {
    const parsed = parseCommandLine(["kv", verb.text, ...rest.map(({ text }) => text)]);
    for (const name of parsed.values.keys()) {
      if (!OUTSIDE.has(name)) continue;
      throw new UsageFault(`Option --${name} has no place in a transaction`, parsed.words);
    }
    const text = (name: string): string | undefined => {
      const value = parsed.arguments.get(name)?.[0] ?? parsed.values.get(name);
      return typeof value === "string" ? value : undefined;
    };
    const said: Said = {
      words: parsed.words,
      text,
      number: (name) => (text(name) === undefined ? undefined : Number(text(name))),
      required: (name) => text(name)!,
      is: (name) => parsed.values.has(name),
    };
    return step(said, verb.text);
  } catch (error) {
    if (!(error instanceof UsageFault)) throw error;
    throw new SyntaxFault(line, rest[0]?.at ?? line.text.length, error.message);
  }
}

function step(said: Said, verb: "get" | "put" | "del"): Step {
  if (verb === "get") return { operation: { kind: "range", range: queryOf(said) }, layout: layoutOf(said) };
  if (verb === "del") return { operation: { kind: "delete", delete: deleteOf(said) }, layout: {} };
  const value = said.text("VALUE");
  if ((value === undefined) !== said.is("ignore-value")) {
    throw new UsageFault("expected put KEY VALUE, or put KEY --ignore-value", said.words);
  }
  return { operation: { kind: "put", put: putOf(said, Buffer.from(value ?? "")) }, layout: {} };
}
