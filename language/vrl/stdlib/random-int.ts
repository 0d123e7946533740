import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { Failure } from "../runtime/failure.ts";
import { wrap, type Integer } from "../runtime/integer.ts";
import { isInteger } from "../runtime/kind-of.ts";
import type { CallView, Example, FunctionDefinition } from "./define.ts";
import type { Host } from "./host.ts";

const NO_RANGE = "max must be greater than min";

/** Undefined: they are not both known. */
function hasRange(call: CallView): boolean | undefined {
  const min = call.constant("min");
  const max = call.constant("max");
  return isInteger(min) && isInteger(max) ? max > min : undefined;
}

export const randomInt: FunctionDefinition = {
  name: "random_int",
  category: "Random",
  usage: "Yields a random integer from `min` to `max`, which itself is left out.",
  parameters: [
    { name: "min", kind: Part.integer, description: "The smallest it can be." },
    { name: "max", kind: Part.integer, description: "What it is always below." },
  ],
  failures: ["`max` is not greater than `min`."],
  returns: Part.integer,
  isImpure: true,
  typeOf: (call) => TypeDef.of(Kind.integer).maybeFallible(hasRange(call) !== true),
  prepare: (call) => {
    const { host } = call;
    if (hasRange(call) === false)
      return { refused: "argument", name: "max", value: call.constant("max") ?? null, error: NO_RANGE };
    return (min: Integer, max: Integer) => {
      if (max <= min) return new Failure(NO_RANGE);
      const choices = BigInt(max) - BigInt(min);
      return wrap(BigInt(min) + choiceOf(host, choices));
    };
  },
};

/** So few choices that a random float's 53 bits make them as good as equally likely. */
const FEW = 2n ** 32n;

/** From 0, below `choices`. */
function choiceOf(host: Host, choices: bigint): bigint {
  if (choices <= FEW) return BigInt(Math.floor(host.random() * Number(choices)));
  // 128 bits leave no more than a trace of a bias, without ever drawing twice.
  const bytes = host.randomBytes(16);
  let drawn = 0n;
  for (const byte of bytes) drawn = (drawn << 8n) | BigInt(byte);
  return (drawn * choices) >> 128n;
}

export const examples: readonly Example[] = [
  { title: "A die", source: "is_integer(random_int(1, 7))", result: "true" },
];

export const tests: readonly Example[] = [
  { title: "Only one choice", source: "random_int(5, 6)", result: "5" },
  { title: "Not below the smallest", source: "random_int(-3, 3) >= -3", result: "true" },
  {
    title: "All there are",
    source: "is_integer(random_int(-9223372036854775807, 9223372036854775807))",
    result: "true",
  },
  {
    title: "No range",
    source: "random_int!(.a, .b)",
    input: '{"a": 2, "b": 1}',
    error: 'function call error for "random_int" at (0:19): max must be greater than min',
  },
  {
    title: "An empty range",
    source: "random_int!(.a, .a)",
    input: '{"a": 2}',
    error: 'function call error for "random_int" at (0:19): max must be greater than min',
  },
];
