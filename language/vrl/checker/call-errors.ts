/** What is wrong with calls. */
import { contextLabel, errorAt, primaryLabel, type Diagnostic } from "../diagnostic/diagnostic.ts";
import {
  example,
  seeCodeDocs,
  seeErrorDocs,
  seeExpressionDocs,
  solution,
  type Note,
} from "../diagnostic/note.ts";
import type { Span } from "../diagnostic/span.ts";
import type { CallRefusal, Parameter } from "../stdlib/define.ts";
import { Kind, Part } from "./kind.ts";
import { nearest } from "./suggest.ts";
import { display } from "../runtime/display.ts";

export function undefinedFunction(span: Span, name: string, known: Iterable<string>): Diagnostic {
  const guess = nearest(name, known);
  const labels = [primaryLabel("undefined function", span)];
  if (guess !== undefined) labels.push(contextLabel(`did you mean "${guess}"?`, span));
  return { severity: "error", code: 105, message: "call to undefined function", labels, notes: [] };
}

export function wrongNumberOfArguments(span: Span, max: number): Diagnostic {
  return {
    severity: "error",
    code: 106,
    message: "wrong number of function arguments",
    labels: [
      primaryLabel("too many function arguments", span),
      contextLabel(`this function takes a maximum of ${max} ${max === 1 ? "argument" : "arguments"}`, span),
    ],
    notes: [seeExpressionDocs("function arguments", "arguments")],
  };
}

/** `index`: the parameter's, from 0. */
export function missingArgument(span: Span, name: string, index: number): Diagnostic {
  const label = `required argument missing: "${name}" (position ${index})`;
  return errorAt(107, "missing function argument", label, span);
}

export function unknownKeyword(keyword: Span, name: Span, parameters: readonly Parameter[]): Diagnostic {
  const accepted = parameters.map((parameter) => `"${parameter.name}"`).join(", ");
  return {
    severity: "error",
    code: 108,
    message: "unknown function argument keyword",
    labels: [
      primaryLabel("unknown keyword", keyword),
      contextLabel(`this function accepts the following keywords: ${accepted}`, name),
    ],
    notes: [],
  };
}

export function unexpectedClosure(call: Span, closure: Span): Diagnostic {
  return {
    severity: "error",
    code: 109,
    message: "unexpected closure",
    labels: [
      primaryLabel("unexpected closure", closure),
      contextLabel("this function does not accept a closure", call),
    ],
    notes: [],
  };
}

/** `source`: a program that shows how to call the function. */
export function missingClosure(call: Span, source: string | undefined): Diagnostic {
  const notes = source === undefined ? [] : [example(source)];
  return { ...errorAt(111, "missing closure", "this function expects a closure", call), notes };
}

export function closureArity(
  name: Span,
  variables: Span,
  counts: { readonly expected: number; readonly given: number },
): Diagnostic {
  return {
    severity: "error",
    code: 120,
    message: "invalid closure arity",
    labels: [
      primaryLabel(`this function requires a closure with ${counts.expected} argument(s)`, name),
      contextLabel(`but ${counts.given} argument(s) are supplied`, variables),
    ],
    notes: [],
  };
}

export function closureParameterMismatch(call: Span, found: Kind): Diagnostic {
  const kind = found.toString();
  return {
    severity: "error",
    code: 121,
    message: "type mismatch in closure parameter",
    labels: [
      primaryLabel("the closure tied to this function call expects a different input value", call),
      contextLabel(`expression has an inferred type of ${kind} where an array or object was expected`, call),
    ],
    notes: [],
  };
}

export function closureYieldMismatch(block: Span, found: Kind, expected: Kind): Diagnostic {
  return {
    severity: "error",
    code: 122,
    message: "type mismatch in closure return type",
    labels: [
      primaryLabel("block returns invalid value type", block),
      contextLabel(`expected: ${expected.toString()}`, block),
      contextLabel(`received: ${found.toString()}`, block),
    ],
    notes: [],
  };
}

export function fallibleArgument(span: Span): Diagnostic {
  return {
    severity: "error",
    code: 630,
    message: "fallible argument",
    labels: [
      primaryLabel("this expression can fail", span),
      contextLabel("handle the error before passing it in as an argument", span),
    ],
    notes: [seeErrorDocs],
  };
}

/** `f!` where `f` cannot fail; `name`: of the function, without the `!`. */
export function abortsInfallible(name: Span): Diagnostic {
  return {
    severity: "warning",
    code: 620,
    message: "can't abort infallible function",
    labels: [
      primaryLabel("this function can't fail", name),
      contextLabel("remove this abort (!) instruction", { start: name.end, end: name.end + 1 }),
    ],
    notes: [seeErrorDocs],
  };
}

/** An argument that cannot be, or may not be, of its parameter's kind. */
export interface Mismatch {
  readonly functionName: string;
  readonly abortsOnError: boolean;
  /** All arguments of the call, as meant. */
  readonly argumentTexts: readonly string[];
  readonly parameter: Parameter;
  readonly got: Kind;
  readonly argumentText: string;
  readonly argumentSpan: Span;
  readonly valueSpan: Span;
}

export function invalidArgumentKind(mismatch: Mismatch): Diagnostic {
  const expected = Kind.ofParts(mismatch.parameter.kind);
  return {
    severity: "error",
    code: 110,
    message: "invalid argument type",
    labels: [
      primaryLabel(`this expression resolves to ${exactText(mismatch.got)}`, mismatch.valueSpan),
      contextLabel(
        `but the parameter "${mismatch.parameter.name}" expects ${exactText(expected)}`,
        mismatch.argumentSpan,
      ),
    ],
    notes: advice(mismatch),
  };
}

function exactText(kind: Kind): string {
  if (kind.isAny) return kind.toString();
  return `${kind.isExact ? "the exact type" : "one of"} ${kind.toString()}`;
}

/** How to make an argument of one kind: a function that checks it, and one that converts, with a value to fall back on. */
const remedies: ReadonlyMap<number, { readonly guard: string; readonly coerce?: readonly [string, string] }> =
  new Map([
    [Part.bytes, { guard: "string", coerce: ["to_string", '"default"'] }],
    [Part.integer, { guard: "int", coerce: ["to_int", "0"] }],
    [Part.float, { guard: "float", coerce: ["to_float", "0"] }],
    [Part.boolean, { guard: "bool", coerce: ["to_bool", "false"] }],
    [Part.object, { guard: "object" }],
    [Part.array, { guard: "array" }],
    [Part.timestamp, { guard: "timestamp", coerce: ["to_unix_timestamp", "now()"] }],
  ]);

function advice({ functionName, abortsOnError, argumentTexts, parameter, argumentText }: Mismatch): Note[] {
  const remedy = remedies.get(parameter.kind);
  if (remedy === undefined) return [];
  const call = `${functionName}${abortsOnError ? "!" : ""}(${argumentTexts.join(", ")})`;
  const notes = solution("ensuring an appropriate type at runtime", [
    `${argumentText} = ${remedy.guard}!(${argumentText})`,
    call,
  ]);
  if (remedy.coerce !== undefined) {
    const [convert, fallback] = remedy.coerce;
    notes.push(
      ...solution(
        "coercing to an appropriate type and specifying a default value as a fallback in case coercion fails",
        [`${argumentText} = ${convert}(${argumentText}) ?? ${fallback}`, call],
      ),
    );
  }
  return [...notes, seeErrorDocs];
}

/** What a function says of a call that it cannot compile; all labels are of the whole call. */
function refused(call: Span, code: number, message: string, labels: readonly string[]): Diagnostic {
  return {
    severity: "error",
    code: 610,
    message: `function compilation error: error[E${code}] ${message}`,
    labels: labels.map((label, index) =>
      index === 0 ? primaryLabel(label, call) : contextLabel(label, call),
    ),
    notes: [seeCodeDocs(code)],
  };
}

/** `received`: what the argument is, in a word. */
export function refusedCall(call: Span, refusal: CallRefusal, received: string): Diagnostic {
  const { name } = refusal;
  switch (refusal.refused) {
    case "static":
      return refused(call, 402, "this argument must be a static expression", [
        `expected static expression for argument "${name}"`,
        `received: ${received}`,
      ]);
    case "variant":
      return refused(call, 401, 'invalid enum variant"', [
        `invalid enum variant for argument "${name}"`,
        `received: ${display(refusal.value)}`,
        `expected one of: ${refusal.variants.map(display).join(", ")}`,
      ]);
    case "argument":
      return refused(call, 403, "invalid argument", [
        `invalid argument "${name}"`,
        `received: ${display(refusal.value)}`,
        `error: ${refusal.error}`,
      ]);
    case "program":
      return { ...refused(call, refusal.code, refusal.message, refusal.labels), notes: [] };
    case "message":
      return { ...refused(call, 0, refusal.message, []), notes: [] };
    case "literal":
    case "query":
    case "array":
    case "object":
    case "regex":
      return refused(call, 400, "unexpected expression type", [
        `unexpected expression for argument "${name}"`,
        `received: ${received}`,
        `expected: ${refusal.refused}`,
      ]);
  }
}

/** `path`: of a function that would remove it. */
export function readOnlyRemoval(call: Span, path: string): Diagnostic {
  return refused(call, 315, "mutation of read-only value", [
    "mutation of read-only value",
    `${path} is read-only, and cannot be deleted`,
  ]);
}
