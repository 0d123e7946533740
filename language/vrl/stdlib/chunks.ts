import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { Failure } from "../runtime/failure.ts";
import type { Integer } from "../runtime/integer.ts";
import { byteLength, bytesOf, textOf, type Text } from "../runtime/text.ts";
import { isUtf8 } from "./string/utf8.ts";
import type { Example, FunctionDefinition } from "./define.ts";

/** What is looked at byte by byte as quickly as by the decoder. */
const SHORT_BYTES = 64;

const TOO_SMALL = '"chunk_size" must be at least 1 byte';

export const chunks: FunctionDefinition = {
  name: "chunks",
  category: "Array",
  usage: "Cuts `value` into pieces of `chunk_size` bytes; what is left at the end makes a shorter one.",
  parameters: [
    { name: "value", kind: Part.bytes, description: "The bytes to cut." },
    { name: "chunk_size", kind: Part.integer, description: "How many bytes a piece has: at least 1." },
  ],
  failures: ["`chunk_size` is less than 1."],
  returns: Part.array,
  returnRules: ["It cannot fail where `chunk_size` is known when the program is compiled."],
  notices: [
    "Pieces are counted in bytes: a character of several bytes may be cut, and is then no text any more.",
  ],
  isFresh: true,
  typeOf: (call) =>
    TypeDef.of(Kind.arrayOf(Kind.bytes)).maybeFallible(call.constant("chunk_size") === undefined),
  prepare: (call) => {
    const size = call.constant("chunk_size");
    if ((typeof size === "number" || typeof size === "bigint") && size < 1)
      return { refused: "argument", name: "chunk_size", value: size, error: TOO_SMALL };
    return cut;
  },
};

function cut(value: Text, size: Integer): Text[] | Failure {
  if (size < 1) return new Failure(TOO_SMALL);
  const step = Number(size);
  const pieces: Text[] = [];
  if (typeof value === "string" && byteLength(value) === value.length) {
    for (let start = 0; start < value.length; start += step) pieces.push(value.slice(start, start + step));
    return pieces;
  }
  const bytes = bytesOf(value);
  for (let start = 0; start < bytes.length; start += step) {
    const piece = bytes.slice(start, start + step);
    // Whoever cuts characters has many that are broken, and each would cost an exception.
    pieces.push(piece.length > SHORT_BYTES || isUtf8(piece) ? textOf(piece) : piece);
  }
  return pieces;
}

export const examples: readonly Example[] = [
  { title: "Pieces of three bytes", source: 'chunks("2024Q3!", 3)', result: '["202", "4Q3", "!"]' },
  {
    title: "Characters may be cut",
    source: 'chunks("né", 2)',
    result: '["n\uFFFD", "\uFFFD"]',
  },
];

export const tests: readonly Example[] = [
  { title: "Nothing", source: 'chunks("", 4)', result: "[]" },
  { title: "One piece", source: 'chunks("ab", 9000000000000000000)', result: '["ab"]' },
  { title: "Whole characters", source: 'chunks("éü", 2)', result: '["é", "ü"]' },
  {
    title: "A size of zero",
    source: 'chunks!("ab", .n)',
    input: '{"n": 0}',
    error: 'function call error for "chunks" at (0:17): "chunk_size" must be at least 1 byte',
  },
  {
    title: "A negative size",
    source: 'chunks!("ab", int!(.n))',
    input: '{"n": -3}',
    error: 'function call error for "chunks" at (0:23): "chunk_size" must be at least 1 byte',
  },
  {
    title: "Not a string",
    source: "chunks!(.n, 2)",
    input: '{"n": true}',
    error: 'function call error for "chunks" at (0:14): expected string, got boolean',
  },
];
