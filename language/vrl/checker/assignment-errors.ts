/** What is wrong with assignments. */
import { INDEX_MAX } from "../runtime/path.ts";
import { contextLabel, errorAt, primaryLabel, type Diagnostic } from "../diagnostic/diagnostic.ts";
import { seeErrorDocs, seeFunctionCharacteristics, solution } from "../diagnostic/note.ts";
import type { Span } from "../diagnostic/span.ts";
import type { Mismatch } from "./call-errors.ts";
import { Kind } from "./kind.ts";

/** Where an assignment's parts are. */
export interface AssignmentSpans {
  /** What it writes to, up to the `=`. */
  readonly assignment: Span;
  readonly value: Span;
}

export function unnecessaryIgnored(target: Span, { assignment, value }: AssignmentSpans): Diagnostic {
  return {
    severity: "error",
    code: 640,
    message: "unnecessary no-op assignment",
    labels: [
      primaryLabel("this no-op assignment has no effect", value),
      contextLabel("either assign to a path or variable here", target),
      contextLabel("or remove the assignment", assignment),
    ],
    notes: [],
  };
}

/** `mismatch`: the argument for which it can fail, where that is known. */
export function fallibleAssignment(
  target: string,
  value: string,
  { assignment, value: valueSpan }: AssignmentSpans,
  mismatch: Mismatch | undefined,
): Diagnostic {
  return {
    severity: "error",
    code: 103,
    message: "unhandled fallible assignment",
    labels: [
      primaryLabel(
        "this expression is fallible because at least one argument's type cannot be verified to be valid",
        valueSpan,
      ),
      ...remedies(mismatch, value).map((text) => primaryLabel(text, valueSpan)),
      contextLabel("or change this to an infallible assignment:", assignment),
      contextLabel(`${target}, err = ${value}`, assignment),
    ],
    notes: [seeErrorDocs, seeFunctionCharacteristics],
  };
}

function remedies(mismatch: Mismatch | undefined, value: string): string[] {
  if (mismatch === undefined) return [];
  const remedy = "update the expression to be infallible by adding a `!`";
  const { argumentTexts, got, parameter, functionName } = mismatch;
  if (argumentTexts.length === 0) return [remedy];
  const expected = Kind.ofParts(parameter.kind).toString();
  const told =
    `\`${argumentTexts[0]}\` argument type is \`${got.toString()}\` and this function expected ` +
    `a parameter \`${parameter.name}\` of type \`${expected}\``;
  const better = value.replaceAll(functionName, () => `${functionName}!`);
  return [told, `${remedy}: \`${better}\``];
}

export function infallibleAssignment(
  target: string,
  value: string,
  spans: { readonly ok: Span; readonly error: Span; readonly value: Span },
): Diagnostic {
  return {
    severity: "error",
    code: 104,
    message: "unnecessary error assignment",
    labels: [
      primaryLabel("this error assignment is unnecessary", spans.error),
      contextLabel("because this expression can't fail", spans.value),
      contextLabel(`use: ${target} = ${value}`, spans.ok),
    ],
    notes: [seeErrorDocs],
  };
}

export function invalidTarget(span: Span): Diagnostic {
  return {
    severity: "error",
    code: 641,
    message: "invalid assignment target",
    labels: [
      primaryLabel("invalid assignment target", span),
      contextLabel("use one of variable or path", span),
    ],
    notes: [],
  };
}

export function readOnlyAssignment(assignment: Span): Diagnostic {
  return errorAt(315, "mutation of read-only value", "mutation of read-only value", assignment);
}

/** A limit of ours: an array is filled with null up to an index that is assigned to. */
export function indexOutOfRange(target: Span): Diagnostic {
  const label = `indices that are assigned to are from ${-INDEX_MAX - 1} to ${INDEX_MAX}`;
  return errorAt(641, "invalid assignment target", label, target);
}

/** A path goes through a value that has no such parts. */
export interface InvalidParent {
  readonly parentKind: Kind;
  readonly parentSpan: Span;
  readonly parentText: string;
  readonly segmentSpan: Span;
  readonly expected: "object" | "array";
  /** The path from the parent on. */
  readonly rest: string;
}

export function invalidParentSegment(parent: InvalidParent, value: string): Diagnostic {
  const { parentKind, parentSpan, parentText, segmentSpan, expected, rest } = parent;
  const isField = expected === "object";
  return {
    severity: "error",
    code: 642,
    message: "parent path segment rejects this mutation",
    labels: [
      primaryLabel(
        isField
          ? "querying a field of a non-object type is unsupported"
          : "indexing into a non-array type is unsupported",
        segmentSpan,
      ),
      contextLabel(`this path resolves to a value of type ${parentKind.toString()}`, parentSpan),
    ],
    notes: [
      ...solution(`change parent value to ${expected}, before assignment`, [
        `${parentText} = ${isField ? "{}" : "[]"}`,
        `${parentText}${rest} = ${value}`,
      ]),
      seeErrorDocs,
    ],
  };
}
