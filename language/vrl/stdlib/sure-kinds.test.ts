/** No function yields what the compiler takes for impossible: code is made from what it believes. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc, { type Arbitrary } from "fast-check";
import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { floatOf } from "../runtime/float.ts";
import { Failure } from "../runtime/failure.ts";
import type { Value } from "../runtime/value.ts";
import { anyValue } from "../runtime/values-for-test.ts";
import { testHost } from "./call-for-test.ts";
import type { FunctionDefinition, Parameter, PrepareView } from "./define.ts";
import { standardLibrary } from "./index.ts";

/** An argument, what is known of its kind, and whether it is known as a whole. */
interface Argument {
  readonly value: Value;
  readonly kind: Kind;
  readonly isConstant: boolean;
}

/** Short numbers, so that lengths and indices mean something, and strings that spell things. */
const anyPlainValue: Arbitrary<Value> = fc.oneof(
  anyValue,
  fc.integer({ min: -3, max: 5 }),
  fc.boolean(),
  fc.double({ noNaN: true }).map(floatOf),
  fc.constantFrom("a", "1", "0x1f", "true", '{"a": [1, null]}', "a=b c", "a,b", ""),
  fc.array(fc.constantFrom("a", "b", 0, 1, null), { maxLength: 3 }),
  fc.dictionary(fc.constantFrom("a", "b"), anyValue, { maxKeys: 2, noNullPrototype: true }),
);

function anyArgument({ kind, isOptional, variants }: Parameter): Arbitrary<Argument | undefined> {
  const anyChoice: Arbitrary<Value> =
    variants === undefined
      ? anyPlainValue
      : fc.oneof(fc.constantFrom(...Object.keys(variants)), anyPlainValue);
  const anyRight = anyChoice.filter((value) => Kind.ofValue(value).isOnly(kind));
  const anyGiven = fc
    .record({ value: anyRight, other: anyRight, form: fc.constantFrom("constant", "exact", "wide", "any") })
    .map(({ value, other, form }) => {
      const exact = Kind.ofValue(value);
      const wide = form === "wide" ? exact.or(Kind.ofValue(other)) : Kind.ofParts(kind & ~Part.undefined);
      const isNarrow = form === "constant" || form === "exact";
      return { value, kind: isNarrow ? exact : wide, isConstant: form === "constant" };
    });
  return isOptional === true ? fc.option(anyGiven, { nil: undefined }) : anyGiven;
}

function viewOf({ parameters }: FunctionDefinition, given: readonly (Argument | undefined)[]): PrepareView {
  const find = (name: string) => parameters.findIndex((parameter) => parameter.name === name);
  const constantOf = (name: string) => {
    const argument = given[find(name)];
    return argument === undefined
      ? parameters[find(name)]?.default
      : argument.isConstant
        ? argument.value
        : undefined;
  };
  const typeOf = (name: string) => {
    const value = parameters[find(name)]?.default;
    return TypeDef.of(
      given[find(name)]?.kind ?? (value === undefined ? Kind.undefined : Kind.ofValue(value)),
    );
  };
  return {
    host: testHost(),
    timezone: "UTC",
    argument: (name) =>
      given[find(name)] && {
        type: typeOf(name),
        constant: constantOf(name),
        path: undefined,
        elements: undefined,
        fields: undefined,
      },
    type: typeOf,
    constant: constantOf,
    closure: undefined,
  };
}

suite("sure kinds", () => {
  for (const definition of standardLibrary) {
    const { name, parameters, closure } = definition;
    if (closure !== undefined || parameters.some(({ isPath, isTypeOnly }) => isPath || isTypeOnly)) continue;
    test(`${name} yields what it says it does`, () => {
      fc.assert(
        fc.property(fc.tuple(...parameters.map(anyArgument)), (given) => {
          const view = viewOf(definition, given);
          const run = definition.prepare(view);
          if (typeof run !== "function") return;
          const inputs = parameters.map((parameter, index) => {
            const argument = given[index];
            return argument === undefined ? parameter.default : argument.value;
          });
          const result = run(...inputs);
          if (result instanceof Failure) return;
          const kind = definition.sureKindOf?.(view) ?? definition.typeOf(view).kind;
          const exact = Kind.ofValue(result);
          assert.ok(kind.isSupersetOf(exact), `${exact.toString()} is not ${kind.toString()}`);
        }),
        { numRuns: 30 },
      );
    });
  }
});
