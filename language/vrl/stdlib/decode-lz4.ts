import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { Failure } from "../runtime/failure.ts";
import type { Integer } from "../runtime/integer.ts";
import { bytesOf, textOf, type Text } from "../runtime/text.ts";
import { decodeLz4Block, decodeLz4Frame, isLz4Frame } from "./compression/lz4.ts";
import { ByteSink } from "./compression/sink.ts";
import type { Example, FunctionDefinition } from "./define.ts";

const SIZE_BYTES = 4;
const U32_MAX = 2 ** 32 - 1;

export const decodeLz4: FunctionDefinition = {
  name: "decode_lz4",
  category: "Codec",
  usage:
    "Decompresses [LZ4](https://lz4.github.io/lz4/) data: a frame, or a block. Of a block one has to know how large it " +
    "was: `buf_size` is at least that, or the size comes before the block (`prepended_size`).",
  parameters: [
    { name: "value", kind: Part.bytes, description: "The LZ4 data." },
    {
      name: "buf_size",
      kind: Part.integer,
      isOptional: true,
      default: 1_000_000,
      description: "How many bytes a block may decompress to.",
    },
    {
      name: "prepended_size",
      kind: Part.boolean,
      isOptional: true,
      default: false,
      description: "Whether a block's size comes before it, in four bytes.",
    },
  ],
  failures: [
    "`value` is no LZ4 frame and no LZ4 block.",
    "It decompresses to more than `buf_size`, than it says, or than 128 MiB.",
  ],
  returns: Part.bytes,
  typeOf: () => TypeDef.of(Kind.bytes).fallible,
  prepare: () => (value: Text, size: Integer, hasSize: boolean) => {
    const bytes = bytesOf(value);
    if (isLz4Frame(bytes)) {
      const content = decodeLz4Frame(bytes);
      return typeof content === "string"
        ? new Failure(`unable to decode value with lz4 frame decoder: ${content}`)
        : textOf(content);
    }
    // VRL takes sizes that 32 bits do not hold for no bound.
    return decodeBlock(bytes, size >= 0 && size <= U32_MAX ? Number(size) : Infinity, hasSize);
  },
};

function decodeBlock(bytes: Uint8Array, size: number, hasSize: boolean): Text | Failure {
  let wrong: string | undefined;
  const sink = new ByteSink();
  if (!hasSize) wrong = decodeLz4Block(bytes, sink, size);
  else if (bytes.length < SIZE_BYTES) wrong = "expected another byte, found none";
  else {
    const capacity = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
    wrong = decodeLz4Block(bytes.subarray(SIZE_BYTES), sink, capacity);
  }
  if (wrong !== undefined) return new Failure(`unable to decode value with lz4 block decoder: ${wrong}`);
  return textOf(sink.bytes());
}

export const examples: readonly Example[] = [
  {
    title: "A frame",
    source: 'decode_lz4!(decode_base16!("04224d186040820600008" + "0506c696e746800000000"))',
    result: "Plinth",
  },
  {
    title: "A block with its size",
    source: 'decode_lz4!(decode_base16!("0600000060506c696e7468"), prepended_size: true)',
    result: "Plinth",
  },
];

export const tests: readonly Example[] = [
  { title: "A block", source: 'decode_lz4!(decode_base16!("60506c696e7468"))', result: "Plinth" },
  {
    title: "A block that repeats",
    source: 'decode_lz4!(decode_base16!("1b610100506161616161"))',
    result: "aaaaaaaaaaaaaaaaaaaaa",
  },
  {
    title: "More than there is room for",
    source: 'decode_lz4!(decode_base16!("60506c696e7468"), buf_size: 5)',
    error:
      'function call error for "decode_lz4" at (0:58): unable to decode value with lz4 block decoder: provided output ' +
      "is too small for the decompressed data, actual 5, expected 6",
  },
  {
    title: "Empty",
    source: 'decode_lz4!("")',
    error:
      'function call error for "decode_lz4" at (0:15): unable to decode value with lz4 block decoder: expected another byte, found none',
  },
  {
    title: "A copy from before the start",
    source: 'decode_lz4!(decode_base16!("1061050050616161616161"))',
    error:
      'function call error for "decode_lz4" at (0:53): unable to decode value with lz4 block decoder: the offset to ' +
      "copy is not contained in the decompressed buffer",
  },
  {
    title: "Literals that are not there",
    source: 'decode_lz4!(decode_base16!("60506c"))',
    error:
      'function call error for "decode_lz4" at (0:37): unable to decode value with lz4 block decoder: literal is out of bounds of the input',
  },
  {
    title: "A frame whose header was changed",
    source: 'decode_lz4!(decode_base16!("04224d18604083060000805" + "06c696e746800000000"))',
    error:
      'function call error for "decode_lz4" at (0:78): unable to decode value with lz4 frame decoder: HeaderChecksumError',
  },
];
