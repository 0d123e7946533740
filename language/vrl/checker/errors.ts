/** What is wrong with expressions, but for calls and assignments. */
import { contextLabel, errorAt, primaryLabel, type Diagnostic } from "../diagnostic/diagnostic.ts";
import { coerceValue, seeCoercionDocs, seeErrorDocs, seeExpressionDocs } from "../diagnostic/note.ts";
import type { Span } from "../diagnostic/span.ts";
import type { Kind } from "./kind.ts";
import { nearest } from "./suggest.ts";

export function fallibleExpression(span: Span): Diagnostic {
  return {
    severity: "error",
    code: 100,
    message: "unhandled error",
    labels: [
      primaryLabel("expression can result in runtime error", span),
      contextLabel("handle the error case to ensure runtime success", span),
    ],
    notes: [seeErrorDocs],
  };
}

/** `problem`: what the engine says of the expression, and the part of it that it says that of. */
export function invalidRegex(span: Span, problem: string): Diagnostic {
  const notes = [seeExpressionDocs("regular expressions", "regular-expression")];
  return { ...errorAt(101, "invalid regular expression", `regex parse error: ${problem}`, span), notes };
}

export function invalidTimestamp(span: Span, problem: string): Diagnostic {
  const notes = [seeExpressionDocs("timestamps", "timestamp")];
  return { ...errorAt(601, "invalid timestamp", `invalid timestamp format: ${problem}`, span), notes };
}

export function nonBooleanPredicate(span: Span, kind: Kind): Diagnostic {
  return {
    severity: "error",
    code: 102,
    message: "non-boolean predicate",
    labels: [
      primaryLabel("this predicate must resolve to a boolean", span),
      contextLabel(`instead it resolves to ${kind.toString()}`, span),
    ],
    notes: [coerceValue, seeExpressionDocs("if expressions", "if")],
  };
}

/** `cause`: what is said of what can fail in it. */
export function falliblePredicate(cause: Diagnostic): Diagnostic {
  return { ...cause, message: "fallible predicate" };
}

export function nonStringAbortMessage(span: Span, kind: Kind): Diagnostic {
  return {
    severity: "error",
    code: 113,
    message: "non-string abort message",
    labels: [
      primaryLabel("abort only accepts an expression argument resolving to a string", span),
      contextLabel(`this expression resolves to ${kind.toString()}`, span),
    ],
    notes: [coerceValue, seeCoercionDocs],
  };
}

export function fallibleAbortMessage(span: Span): Diagnostic {
  return fallibleOperand(span, "abort", "an abort message");
}

export function fallibleReturnValue(span: Span): Diagnostic {
  return fallibleOperand(span, "return", "a return value");
}

function fallibleOperand(span: Span, keyword: string, role: string): Diagnostic {
  return {
    severity: "error",
    code: 631,
    message: "unhandled fallible expression",
    labels: [
      primaryLabel(`${keyword} only accepts an infallible expression argument`, span),
      contextLabel(`handle errors before using the expression as ${role}`, span),
    ],
    notes: [seeErrorDocs],
  };
}

export function chainedComparison(operatorSpan: Span): Diagnostic {
  const notes = [seeExpressionDocs("comparisons", "comparison")];
  return { ...errorAt(650, "comparison operators can't be chained together", "", operatorSpan), notes };
}

export function unnecessaryCoalesce(left: Span, right: Span, operator: Span): Diagnostic {
  return {
    severity: "error",
    code: 651,
    message: "unnecessary error coalescing operation",
    labels: [
      primaryLabel("this expression can't fail", left),
      contextLabel("this expression never resolves", right),
      contextLabel("remove this error coalescing operation", operator),
    ],
    notes: [],
  };
}

/** `spans`: of the operands that are no objects. */
export function mergeNonObjects(spans: readonly Span[]): Diagnostic {
  return {
    severity: "error",
    code: 652,
    message: "only objects can be merged",
    labels: spans.map((span) => primaryLabel("this expression must resolve to an object", span)),
    notes: [],
  };
}

export function nonBooleanNot(bang: Span, operand: Span, kind: Kind): Diagnostic {
  return {
    severity: "error",
    code: 660,
    message: "non-boolean negation",
    labels: [
      primaryLabel("negation only works on boolean values", bang),
      contextLabel(`this expression resolves to ${kind.toString()}`, operand),
    ],
    notes: [coerceValue, seeCoercionDocs],
  };
}

export function undefinedVariable(span: Span, name: string, known: Iterable<string>): Diagnostic {
  const guess = nearest(name, [...known, "null", "true", "false"]);
  return {
    severity: "error",
    code: 701,
    message: "call to undefined variable",
    labels: [primaryLabel("undefined variable", span), contextLabel(`did you mean "${guess}"?`, span)],
    notes: [],
  };
}
