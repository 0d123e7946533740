import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { Failure } from "../runtime/failure.ts";
import { floatOf, numberOfFloat } from "../runtime/float.ts";
import { isFloat } from "../runtime/kind-of.ts";
import { Float } from "../runtime/value.ts";
import type { CallView, Example, FunctionDefinition } from "./define.ts";

const NO_RANGE = "max must be greater than min";

/** Undefined: they are not both known. */
function hasRange(call: CallView): boolean | undefined {
  const min = call.constant("min");
  const max = call.constant("max");
  if (min === undefined || max === undefined || !isFloat(min) || !isFloat(max)) return undefined;
  return numberOfFloat(max) > numberOfFloat(min);
}

export const randomFloat: FunctionDefinition = {
  name: "random_float",
  category: "Random",
  usage: "Yields a random float from `min` to `max`, which itself is left out.",
  parameters: [
    { name: "min", kind: Part.float, description: "The smallest it can be." },
    { name: "max", kind: Part.float, description: "What it is always below." },
  ],
  failures: ["`max` is not greater than `min`."],
  returns: Part.float,
  isImpure: true,
  typeOf: (call) => TypeDef.of(Kind.float).maybeFallible(hasRange(call) !== true),
  prepare: (call) => {
    const { host } = call;
    if (hasRange(call) === false)
      return { refused: "argument", name: "max", value: call.constant("max") ?? null, error: NO_RANGE };
    return (min: number | Float, max: number | Float) => {
      const low = numberOfFloat(min);
      const high = numberOfFloat(max);
      if (high <= low) return new Failure(NO_RANGE);
      const share = host.random();
      // Not by their difference, which may be infinite. What is rounded up to the end is put back to the start.
      const chosen = low * (1 - share) + high * share;
      return floatOf(chosen >= low && chosen < high ? chosen : low);
    };
  },
};

export const examples: readonly Example[] = [
  { title: "A share", source: "is_float(random_float(0.0, 1.0))", result: "true" },
];

export const tests: readonly Example[] = [
  { title: "Not below the smallest", source: "random_float(1.5, 2.5) >= 1.5", result: "true" },
  { title: "Below the largest", source: "random_float(-2.5, -1.5) < -1.5", result: "true" },
  {
    title: "No range",
    source: "random_float!(.a, .b)",
    input: '{"a": 2.5, "b": 1.5}',
    error: 'function call error for "random_float" at (0:21): max must be greater than min',
  },
  {
    title: "An empty range",
    source: "random_float!(.a, .a)",
    input: '{"a": 2.5}',
    error: 'function call error for "random_float" at (0:21): max must be greater than min',
  },
];
