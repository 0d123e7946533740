import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { Failure } from "../runtime/failure.ts";
import type { Integer } from "../runtime/integer.ts";
import { textOf } from "../runtime/text.ts";
import type { Value } from "../runtime/value.ts";
import type { Example, FunctionDefinition } from "./define.ts";

/** What VRL allows. */
const LENGTH_MAX = 64 * 1024;

/** Why there cannot be so many; undefined: there can. */
function problemOf(length: Integer): string | undefined {
  if (length < 0) return "Length cannot be negative";
  return length > LENGTH_MAX ? "Length is too large. Maximum is 64k" : undefined;
}

function isInteger(value: Value | undefined): value is Integer {
  return typeof value === "number" || typeof value === "bigint";
}

export const randomBytes: FunctionDefinition = {
  name: "random_bytes",
  category: "Random",
  usage: "Yields random bytes that nobody can guess, as a string.",
  parameters: [{ name: "length", kind: Part.integer, description: "How many bytes: 64 KiB at most." }],
  failures: ["`length` is negative.", "`length` is larger than 64 KiB."],
  returns: Part.bytes,
  isImpure: true,
  typeOf: (call) => {
    const length = call.constant("length");
    return TypeDef.of(Kind.bytes).maybeFallible(!isInteger(length) || problemOf(length) !== undefined);
  },
  prepare: (call) => {
    const { host } = call;
    const constant = call.constant("length");
    const problem = isInteger(constant) ? problemOf(constant) : undefined;
    if (constant !== undefined && problem !== undefined)
      return { refused: "argument", name: "length", value: constant, error: problem };
    return (length: Integer) => {
      const wrong = problemOf(length);
      return wrong === undefined ? textOf(host.randomBytes(Number(length))) : new Failure(wrong);
    };
  },
};

export const examples: readonly Example[] = [
  { title: "A key", source: "length(random_bytes(32))", result: "32" },
];

export const tests: readonly Example[] = [
  { title: "None", source: "random_bytes(0)", result: "s''" },
  { title: "As many as there can be", source: "length(random_bytes(65536))", result: "65536" },
  { title: "In digits", source: "length(encode_base16(random_bytes(8)))", result: "16" },
  {
    title: "Too many",
    source: "random_bytes!(.n)",
    input: '{"n": 65537}',
    error: 'function call error for "random_bytes" at (0:17): Length is too large. Maximum is 64k',
  },
  {
    title: "Less than none",
    source: "random_bytes!(.n)",
    input: '{"n": -1}',
    error: 'function call error for "random_bytes" at (0:17): Length cannot be negative',
  },
];
