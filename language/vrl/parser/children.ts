import type { Expression, Target } from "./ast.ts";

/**
 * Goes through the expressions an expression is made of, in the order they are written, until `test` holds for one;
 * whether it did. A program is gone through often: nothing is made for it.
 */
export function someChild(expression: Expression, test: (child: Expression) => boolean): boolean {
  switch (expression.type) {
    case "literal":
    case "regex":
    case "timestamp":
    case "variable":
      return false;
    case "template":
      return expression.parts.some(test);
    case "array":
      return expression.elements.some(test);
    case "object":
      return expression.fields.some(({ value }) => test(value));
    case "group":
      return test(expression.inner);
    case "block":
      return expression.expressions.some(test);
    case "if": {
      const { predicate, then, otherwise } = expression;
      return predicate.expressions.some(test) || test(then) || (otherwise !== undefined && test(otherwise));
    }
    case "binary":
      return test(expression.left) || test(expression.right);
    case "not":
      return test(expression.operand);
    case "assignment": {
      const { target, errorTarget, value } = expression;
      return (
        someRoot(target, test) || (errorTarget !== undefined && someRoot(errorTarget, test)) || test(value)
      );
    }
    case "query":
      return someRoot(expression, test);
    case "call":
      return (
        expression.arguments.some(({ value }) => test(value)) ||
        (expression.closure !== undefined && test(expression.closure.block))
      );
    case "abort":
      return expression.message !== undefined && test(expression.message);
    case "return":
      return test(expression.value);
  }
}

/** What a path starts at, where that is an expression. */
function someRoot(target: Target, test: (child: Expression) => boolean): boolean {
  if (target.type !== "query") return false;
  const { root } = target;
  return root.type !== "event" && root.type !== "metadata" && test(root);
}

/** Goes through all of them. */
export function eachChild(expression: Expression, visit: (child: Expression) => void): void {
  someChild(expression, (child) => {
    visit(child);
    return false;
  });
}
