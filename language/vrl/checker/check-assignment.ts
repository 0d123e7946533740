import type { Span } from "../diagnostic/span.ts";
import { joinSpans } from "../diagnostic/span.ts";
import type { Assignment, Binary, Expression, Query, Target } from "../parser/ast.ts";
import { isInsertable, type Path } from "../runtime/path.ts";
import {
  fallibleAssignment,
  infallibleAssignment,
  invalidParentSegment,
  invalidTarget,
  indexOutOfRange,
  readOnlyAssignment,
  unnecessaryIgnored,
  type AssignmentSpans,
} from "./assignment-errors.ts";
import type { Checker } from "./checker.ts";
import { defaultOfKind } from "./default.ts";
import { kindAt } from "./kind-paths.ts";
import { Kind, Part } from "./kind.ts";
import { pathText, segmentText, targetText } from "./show.ts";

/** What an assignment writes to. */
interface Place {
  readonly root: Query["root"];
  readonly path: Path;
  readonly span: Span;
}

export function checkAssignment(checker: Checker, assignment: Assignment): boolean {
  const before = checker.state;
  const mark = checker.mark();
  if (!checkValue(checker, assignment)) return false;
  if (assignment.errorTarget !== undefined) checker.handled(mark);
  const isRight =
    assignment.errorTarget === undefined
      ? checkSingle(checker, assignment, mark)
      : checkCatch(checker, assignment, assignment.errorTarget);
  checker.handled(mark);
  if (!isRight) return false;
  for (const target of [assignment.target, assignment.errorTarget]) {
    const place = target && placeOf(target);
    if (place?.root.type === "event" || place?.root.type === "metadata")
      checker.writes.push({ root: place.root.type, path: place.path });
  }
  checker.state = checker.inference.infer(assignment, before).state;
  return true;
}

function checkValue(checker: Checker, assignment: Assignment): boolean {
  const { target, errorTarget, operator, value } = assignment;
  if (operator === "|=") {
    const merge = mergeOf(target, value);
    checker.facts.merges.set(assignment, merge);
    return checker.checkBinary(merge);
  }
  if (checker.check(value)) return true;
  for (const each of [target, errorTarget]) {
    const place = each && placeOf(each);
    if (place !== undefined) checker.skipUnassigned(place.root, place.path);
  }
  return false;
}

/** `target |= value` means `target = target | value`. */
function mergeOf(target: Target, value: Expression): Binary {
  const left: Expression =
    target.type === "ignored" ? { type: "literal", value: null, span: target.span } : { ...target };
  return { type: "binary", operator: "|", operatorSpan: value.span, left, right: value, span: value.span };
}

function placeOf(target: Target): Place | undefined {
  if (target.type === "ignored") return undefined;
  if (target.type === "variable") return { root: target, path: [], span: target.span };
  return { root: target.root, path: target.path, span: target.span };
}

/** `mark`: where what the value's failures are said of begins. */
function checkSingle(checker: Checker, assignment: Assignment, mark: number): boolean {
  const { target, value } = assignment;
  const spans: AssignmentSpans = {
    assignment: { start: target.span.start, end: Math.max(value.span.start - 1, target.span.start) },
    value: value.span,
  };
  const unhandled = checker.firstUnhandled(mark);
  if (unhandled !== undefined) {
    const text = checker.meant.expression(checker.inference.valueOf(assignment));
    return checker.report(fallibleAssignment(targetText(target), text, spans, unhandled.mismatch));
  }
  if (target.type === "ignored") return checker.report(unnecessaryIgnored(target.span, spans));
  return checkTarget(checker, assignment, target, spans.assignment);
}

/** `ok, err = value`. */
function checkCatch(checker: Checker, assignment: Assignment, errorTarget: Target): boolean {
  const { target, value } = assignment;
  const meant = checker.inference.valueOf(assignment);
  const type = checker.inference.type(meant, checker.state);
  if (!type.isFallible) {
    const spans = { ok: target.span, error: errorTarget.span, value: value.span };
    return checker.report(infallibleAssignment(targetText(target), checker.meant.expression(meant), spans));
  }
  if (target.type === "ignored" && errorTarget.type === "ignored") {
    const assignmentSpan = joinSpans(target.span, errorTarget.span);
    return checker.report(unnecessaryIgnored(target.span, { assignment: assignmentSpan, value: value.span }));
  }
  checker.facts.defaults.set(assignment, defaultOfKind(type.kind));
  return (
    checkTarget(checker, assignment, target, target.span) &&
    checkTarget(checker, assignment, errorTarget, errorTarget.span)
  );
}

/** Whether the target can be written to; `span` is of what is read-only if it is. */
function checkTarget(checker: Checker, assignment: Assignment, target: Target, span: Span): boolean {
  if (target.type === "ignored") return true;
  const place = placeOf(target)!;
  const { root, path } = place;
  if (root.type === "event" || root.type === "metadata") {
    if (checker.isReadOnly({ root: root.type, path })) return checker.report(readOnlyAssignment(span));
  } else if (root.type !== "variable") return checker.report(invalidTarget(joinSpans(root.span, place.span)));
  if (!isInsertable(path)) return checker.report(indexOutOfRange(place.span));
  return checkParents(checker, assignment, place);
}

/** Whether all that the path goes through can hold what is below it. */
function checkParents(checker: Checker, assignment: Assignment, { root, path, span }: Place): boolean {
  const rootKind =
    root.type === "variable"
      ? (checker.state.variables.get(root.name)?.type.kind ?? Kind.any)
      : // Of metadata the language asks whether the event could hold it.
        checker.state.event;
  let parentSpan = span;
  let rest = "";
  for (let length = path.length - 1; length >= 0; length--) {
    const segment = path[length]!;
    const isField = typeof segment === "string";
    const parentKind = kindAt(rootKind, path.slice(0, length));
    const text = segmentText(segment);
    const start = Math.max(parentSpan.end - text.length, 0);
    const segmentSpan = { start, end: parentSpan.end };
    parentSpan = { start: parentSpan.start, end: Math.max(isField ? start - 1 : start, 0) };
    rest = `${isField ? "." : ""}${text}${rest}`;
    if (parentKind.isNever || parentKind.has(isField ? Part.object : Part.array)) continue;
    const parentPath = pathText(path.slice(0, length));
    const isOfEvent = root.type !== "variable";
    if (isOfEvent && length === 0) rest = rest.replace(/^\./, "");
    const parentText = isOfEvent ? `.${parentPath}` : root.name + parentPath;
    const expected = isField ? "object" : "array";
    const value = checker.meant.expression(checker.inference.valueOf(assignment));
    return checker.report(
      invalidParentSegment({ parentKind, parentSpan, parentText, segmentSpan, expected, rest }, value),
    );
  }
  return true;
}
