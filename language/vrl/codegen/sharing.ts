/**
 * Values of the language are copied when they are kept, ours are shared until then. These tell of an expression whether
 * what it yields may also be reached by another way, and whether it changes anything, so that only what must be is
 * copied.
 */
import type { CheckedProgram } from "../checker/checked.ts";
import { Part } from "../checker/kind.ts";
import type { Expression, FunctionCall } from "../parser/ast.ts";
import { someChild } from "../parser/children.ts";

/** Whether what `expression` yields, or a part of it, may also be reached by another way. */
export function isShared(expression: Expression, checked: CheckedProgram): boolean {
  if (!checked.typeOf(expression).kind.has(Part.array | Part.object)) return false;
  switch (expression.type) {
    case "query":
    case "variable":
    case "assignment":
      return true;
    case "group":
      return isShared(expression.inner, checked);
    case "block":
      return isShared(expression.expressions.at(-1)!, checked);
    case "if":
      return (
        isShared(expression.then, checked) ||
        (expression.otherwise !== undefined && isShared(expression.otherwise, checked))
      );
    case "binary":
      // Of `|` the parts; of the others what one of the sides yields.
      return (
        expression.operator === "|" ||
        isShared(expression.left, checked) ||
        isShared(expression.right, checked)
      );
    case "call":
      return isSharedByCall(expression, checked);
    case "literal":
    case "regex":
    case "timestamp":
    case "template":
    case "array":
    case "object":
    case "not":
    case "abort":
    case "return":
      return false;
  }
}

/** What a function hands on comes from its arguments, or else from where nobody sees. */
function isSharedByCall(call: FunctionCall, checked: CheckedProgram): boolean {
  if (call.closure !== undefined) return true;
  const { definition, arguments: given } = checked.callOf(call);
  if (definition.isFresh === true) return false;
  const containers = given.flatMap((argument) =>
    argument !== undefined && checked.typeOf(argument.value).kind.has(Part.array | Part.object)
      ? [argument.value]
      : [],
  );
  return containers.length === 0 || containers.some((value) => isShared(value, checked));
}

/** Whether `test` holds for it or anything in it. */
export function some(expression: Expression, test: (each: Expression) => boolean): boolean {
  const isOrHas = (each: Expression): boolean => test(each) || someChild(each, isOrHas);
  return isOrHas(expression);
}

/** Whether it changes the event, its metadata or a variable in place. */
export function changes(expression: Expression, checked: CheckedProgram): boolean {
  return some(
    expression,
    (each) => each.type === "assignment" || (each.type === "call" && removes(each, checked)),
  );
}

export function removes(call: FunctionCall, checked: CheckedProgram): boolean {
  return checked.callOf(call).definition.removesPath === true;
}

/** Whether it changes a part of the variable `name`, not only what the variable holds. */
export function changesPartsOf(name: string, expression: Expression, checked: CheckedProgram): boolean {
  const isPartOfIt = (query: Expression): boolean =>
    query.type === "query" && query.root.type === "variable" && query.root.name === name;
  return some(expression, (each) => {
    if (each.type === "assignment")
      return [each.target, each.errorTarget].some((target) => target?.type === "query" && isPartOfIt(target));
    return (
      each.type === "call" && removes(each, checked) && each.arguments.some(({ value }) => isPartOfIt(value))
    );
  });
}
