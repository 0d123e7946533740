import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { bytesOf, lossyText, type Text } from "../runtime/text.ts";
import { variantOf } from "./arguments/variant.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { floatOrZero } from "./number/rounding.ts";

const segmentations = ["byte", "codepoint", "grapheme"] as const;

export const shannonEntropy: FunctionDefinition = {
  name: "shannon_entropy",
  category: "String",
  usage:
    "How many bits of information a part of the string carries on average " +
    "([Shannon entropy](https://en.wikipedia.org/wiki/Entropy_(information_theory))): little where few parts occur " +
    "again and again, much where all are different, as in keys and passwords.",
  parameters: [
    { name: "value", kind: Part.bytes, description: "The string." },
    {
      name: "segmentation",
      kind: Part.bytes,
      isOptional: true,
      default: "byte",
      description: "What is taken for a part. Bytes are the fastest and graphemes the slowest.",
      variants: {
        byte: "Bytes.",
        codepoint: "Unicode code points.",
        grapheme: "Characters as readers see them, of one code point or several.",
      },
    },
  ],
  returns: Part.float,
  typeOf: () => TypeDef.of(Kind.float),
  prepare: (call) => {
    const segmentation = variantOf(call, "segmentation", segmentations);
    if (typeof segmentation === "object") return segmentation;
    if (segmentation === "codepoint") return (value: Text) => entropyOfParts(lossyText(value));
    if (segmentation !== "grapheme") return entropyOfBytes;
    const segmenter = new Intl.Segmenter("en", { granularity: "grapheme" });
    return (value: Text) =>
      entropyOfParts(Iterator.from(segmenter.segment(lossyText(value))).map(({ segment }) => segment));
  },
};

function entropyOfBytes(value: Text): ReturnType<typeof floatOrZero> {
  const bytes = bytesOf(value);
  const counts = new Uint32Array(256);
  for (const byte of bytes) counts[byte]!++;
  return entropy(counts, bytes.length);
}

function entropyOfParts(parts: Iterable<string>): ReturnType<typeof floatOrZero> {
  const counts = new Map<string, number>();
  let total = 0;
  for (const part of parts) {
    counts.set(part, (counts.get(part) ?? 0) + 1);
    total++;
  }
  return entropy(counts.values(), total);
}

function entropy(counts: Iterable<number>, total: number): ReturnType<typeof floatOrZero> {
  let bits = 0;
  for (const count of counts) {
    const share = count / total;
    if (share > 0) bits -= share * Math.log2(share);
  }
  return floatOrZero(bits);
}

export const examples: readonly Example[] = [
  { title: "All different", source: 'shannon_entropy("abcd")', result: "2.0" },
  { title: "A word", source: 'floor(shannon_entropy("password"), 2)', result: "2.75" },
];

export const tests: readonly Example[] = [
  { title: "Nothing", source: 'shannon_entropy("")', result: "0.0" },
  { title: "Always the same", source: 'shannon_entropy("aaaa")', result: "0.0" },
  { title: "Bytes", source: 'shannon_entropy("éé")', result: "1.0" },
  { title: "Code points", source: 'shannon_entropy("éüéü", segmentation: "codepoint")', result: "1.0" },
  {
    title: "Graphemes",
    source: 'shannon_entropy("e\u0301ee\u0301e", segmentation: "grapheme")',
    result: "1.0",
  },
  { title: "Bytes that are no text", source: 'shannon_entropy(decode_base16!("00ff"))', result: "1.0" },
  {
    title: "Not a string",
    source: "shannon_entropy!(.n)",
    input: '{"n": 1}',
    error: 'function call error for "shannon_entropy" at (0:20): expected string, got integer',
  },
];
