/** The arguments of `parse_groks`, which are to be known when a program is compiled. */
import { Failure } from "../../../runtime/failure.ts";
import { isObject, isText } from "../../../runtime/kind-of.ts";
import { lossyText } from "../../../runtime/text.ts";
import type { Value } from "../../../runtime/value.ts";
import type { ArgumentView, CallRefusal, PrepareView } from "../../define.ts";
import { parseJsonText } from "../../json/parse.ts";

/** Thrown to `refusalOr` only. */
class Refused extends Error {
  override readonly name = "Refused";
  readonly refusal: CallRefusal;
  constructor(refusal: CallRefusal) {
    super();
    this.refusal = refusal;
  }
}

export interface RuleArguments {
  readonly patterns: readonly string[];
  readonly aliases: ReadonlyMap<string, string>;
}

export function readArguments(call: PrepareView): RuleArguments | CallRefusal {
  try {
    const patterns = (arrayOf(call, "patterns") ?? []).map((each) =>
      textOf(each, "patterns", "grok pattern should be a string"),
    );
    return { patterns, aliases: aliasesOf(call) };
  } catch (error) {
    if (error instanceof Refused) return error.refusal;
    throw error;
  }
}

function aliasesOf(call: PrepareView): Map<string, string> {
  const argument = call.argument("aliases");
  if (argument !== undefined && argument.fields === undefined)
    throw new Refused({ refused: "object", name: "aliases" });
  const aliases = new Map<string, string>();
  for (const [name, view] of argument?.fields ?? [])
    aliases.set(name, textOf(view, "aliases", "alias pattern should be a string"));
  const sources = (arrayOf(call, "alias_sources") ?? []).map((each) =>
    textOf(each, "alias_sources", "alias source should be a string"),
  );
  for (const path of sources) {
    for (const [name, alias] of readAliases(call, path)) aliases.set(name, alias);
  }
  return aliases;
}

function readAliases(call: PrepareView, path: string): [name: string, alias: string][] {
  const { host } = call;
  if (host.readFile === undefined)
    throw invalid(
      "alias_sources",
      "alias_sources",
      "alias_sources is disabled when enable_system_functions feature is disabled",
    );
  let bytes: Uint8Array;
  try {
    bytes = host.readFile(path);
  } catch {
    throw invalid("alias_sources", path, "Unable to open alias source file");
  }
  const object = parseJsonText(lossyText(bytes));
  if (object instanceof Failure || !isObject(object))
    throw invalid("alias_sources", path, "Unable to read alias source");
  return Object.entries(object).map(([name, alias]) => {
    if (typeof alias !== "string") throw invalid("alias_sources", path, "Unable to read alias source");
    return [name, alias];
  });
}

function arrayOf(call: PrepareView, name: string): readonly ArgumentView[] | undefined {
  const argument = call.argument(name);
  if (argument !== undefined && argument.elements === undefined)
    throw new Refused({ refused: "array", name });
  return argument?.elements;
}

function textOf({ constant }: ArgumentView, name: string, error: string): string {
  if (constant === undefined) throw new Refused({ refused: "static", name });
  if (!isText(constant)) throw invalid(name, constant, error);
  return lossyText(constant);
}

function invalid(name: string, value: Value, error: string): Refused {
  return new Refused({ refused: "argument", name, value, error });
}
