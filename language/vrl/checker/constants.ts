import type { Expression } from "../parser/ast.ts";
import { setKey } from "../runtime/object.ts";
import { getAt } from "../runtime/path.ts";
import type { Value, VrlObject } from "../runtime/value.ts";
import { foldNumbers, isNumber } from "./fold.ts";
import type { Facts } from "./facts.ts";
import type { State } from "./state.ts";

/** Finds the values of expressions that are known before the program runs, and remembers them. */
export class Constants {
  readonly #facts: Facts;
  readonly #isSure: boolean;
  readonly #found = new Map<Expression, { readonly state: State; readonly value: Value | undefined }>();

  constructor(facts: Facts, isSure: boolean) {
    this.#facts = facts;
    this.#isSure = isSure;
  }

  find(expression: Expression, state: State): Value | undefined {
    const found = this.#found.get(expression);
    if (found?.state === state) return found.value;
    const value = this.#findNew(expression, state);
    this.#found.set(expression, { state, value });
    return value;
  }

  #findNew(expression: Expression, state: State): Value | undefined {
    switch (expression.type) {
      case "literal":
        return expression.value;
      case "regex":
      case "timestamp":
        return this.#facts.literals.get(expression);
      case "variable":
        return state.variables.get(expression.name)?.constant;
      case "group":
        return this.find(expression.inner, state);
      case "template": {
        const meant = this.#facts.templates.get(expression);
        return meant && this.find(meant, state);
      }
      case "array":
        return this.#findAll(expression.elements, state);
      case "object":
        return this.#findFields(expression.fields, state);
      case "binary": {
        const left = this.find(expression.left, state);
        const right = left === undefined ? undefined : this.find(expression.right, state);
        if (!isNumber(left) || !isNumber(right)) return undefined;
        return foldNumbers(expression.operator, left, right);
      }
      case "query": {
        if (expression.root.type !== "variable") return undefined;
        const root = this.find(expression.root, state);
        return getAt(root, expression.path);
      }
      case "call":
        return this.#isSure ? undefined : this.#facts.calls.get(expression)?.constant;
      case "block":
      case "if":
      case "not":
      case "assignment":
      case "abort":
      case "return":
        return undefined;
    }
  }

  #findAll(expressions: readonly Expression[], state: State): Value[] | undefined {
    const values: Value[] = [];
    for (const expression of expressions) {
      const value = this.find(expression, state);
      if (value === undefined) return undefined;
      values.push(value);
    }
    return values;
  }

  #findFields(
    fields: readonly { readonly key: string; readonly value: Expression }[],
    state: State,
  ): VrlObject | undefined {
    const values: VrlObject = {};
    for (const field of fields) {
      const value = this.find(field.value, state);
      if (value === undefined) return undefined;
      setKey(values, field.key, value);
    }
    return values;
  }
}
