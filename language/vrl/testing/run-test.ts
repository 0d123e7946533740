/** Runs programs against what their test files or examples say must come of them. */
import { compile, type CompileOptions, type Program } from "../compile.ts";
import type { Diagnostic } from "../diagnostic/diagnostic.ts";
import { render } from "../diagnostic/render.ts";
import { valuesEqual } from "../runtime/equal.ts";
import { floatOf } from "../runtime/float.ts";
import { parseInteger } from "../runtime/integer.ts";
import { kindOf, isObject } from "../runtime/kind-of.ts";
import { setKey, sortedKeys } from "../runtime/object.ts";
import { Regex } from "../runtime/regex.ts";
import { lossyText } from "../runtime/text.ts";
import { Timestamp } from "../runtime/timestamp.ts";
import type { Value, VrlObject } from "../runtime/value.ts";
import type { Example } from "../stdlib/define.ts";
import { parseTimestamp } from "../checker/literals.ts";
import { jsonText } from "../stdlib/json/write.ts";
import type { TestFile } from "./test-file.ts";

/** Undefined: all is as it must be; else what is not. */
export type Problem = string | undefined;

export function runTestFile(file: TestFile, options: CompileOptions): Problem {
  const { program, diagnostics } = compile(file.source, {
    ...options,
    readOnly: file.readOnly,
    // The event is looked at as `abort` leaves it.
    takesBackOnAbort: false,
  });
  if (program !== undefined && file.isCompiledOnly) return undefined;
  if (program === undefined || file.isAboutDiagnostics || diagnostics.length > 0)
    return compareDiagnostics(file, diagnostics);
  const event = file.object === "" ? {} : parseJson(file.object);
  return compareRun(program, event, file.result, file.isPartial);
}

function compareDiagnostics(
  { source, result, isPartial }: TestFile,
  diagnostics: readonly Diagnostic[],
): Problem {
  const rendered = render(diagnostics, source).trim();
  if (rendered === result.trim()) return undefined;
  if (isPartial) {
    const headers = rendered.split("\n").filter((line) => line.trim().startsWith("error[E"));
    const wanted = result.trim().split("\n");
    if (
      headers.length > 0 &&
      headers.slice(0, wanted.length).every((line, index) => line.includes(wanted[index]!))
    )
      return undefined;
  }
  return `diagnostics:\n${rendered}\nmust be:\n${result}`;
}

function compareRun(program: Program, event: Value, result: string, isPartial: boolean): Problem {
  const target = { event, metadata: {} };
  const outcome = program.run(target);
  if ("value" in outcome) return compareValues(jsonOf(outcome.value), wantedOf(result));
  const message = "error" in outcome ? outcome.error : (outcome.aborted ?? "aborted");
  if (message.trim() === result.trim() || (isPartial && message.includes(result.trim()))) return undefined;
  if ("aborted" in outcome) return compareValues(jsonOf(target.event), wantedOf(result));
  return `error: ${message}\nmust be: ${result}`;
}

export function runExample(example: Example, options: CompileOptions): Problem {
  const { program, diagnostics } = compile(example.source, { ...options, takesBackOnAbort: false });
  if (program === undefined || diagnostics.length > 0)
    return `diagnostics:\n${render(diagnostics, example.source)}`;
  if (example.isCompiledOnly === true) return undefined;
  const event = parseJson(example.input ?? "{}");
  if (example.varies === true) {
    const outcome = program.run({ event, metadata: {} });
    if (!("value" in outcome)) return JSON.stringify(outcome);
    const [got, wanted] = [kindOf(jsonOf(outcome.value)), kindOf(wantedOf(example.result ?? ""))];
    return got === wanted ? undefined : `yields ${got}, must yield ${wanted}`;
  }
  return compareRun(program, event, example.error ?? example.result ?? "", false);
}

function compareValues(got: Value, wanted: Value): Problem {
  return valuesEqual(got, wanted) ? undefined : `yields  ${jsonText(got)}\nmust be ${jsonText(wanted)}`;
}

/** What a result is in JSON: timestamps and regexes are their texts. */
function jsonOf(value: Value): Value {
  if (value instanceof Uint8Array) return lossyText(value);
  if (value instanceof Timestamp) return value.toString();
  if (value instanceof Regex) return value.source;
  if (Array.isArray(value)) return value.map(jsonOf);
  if (!isObject(value)) return value;
  const object: VrlObject = {};
  for (const key of sortedKeys(value)) setKey(object, key, jsonOf(value[key]!));
  return object;
}

function wantedOf(result: string): Value {
  const [, type, text = ""] = /^([rts])'([^]*)'$/.exec(result) ?? [];
  if (type === "r") return text.replaceAll("\\'", "'");
  if (type === "s") return text;
  if (type === "t") {
    const timestamp = parseTimestamp(text);
    return timestamp instanceof Timestamp ? timestamp.toString() : result;
  }
  try {
    return parseJson(result);
  } catch {
    return result;
  }
}

/** JSON with integers and floats told apart. */
function parseJson(text: string): Value {
  return JSON.parse(text, (_, value: unknown, context?: { source: string }) => {
    const source = context?.source;
    if (typeof value !== "number" || source === undefined) return value;
    return (/[.eE]/.test(source) || source === "-0" ? undefined : parseInteger(source)) ?? floatOf(value);
  }) as Value;
}
