import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { Failure } from "../runtime/failure.ts";
import { isText } from "../runtime/kind-of.ts";
import { bytesOf, lossyText, type Text } from "../runtime/text.ts";
import { crcOf } from "./checksum/crc.ts";
import type { Example, FunctionDefinition } from "./define.ts";

export const crc: FunctionDefinition = {
  name: "crc",
  category: "Checksum",
  usage:
    "Calculates a [CRC](https://en.wikipedia.org/wiki/Cyclic_redundancy_check) of `value`, as a decimal number. It can " +
    "fail only where `algorithm` is not known before the program runs, or is none.",
  parameters: [
    { name: "value", kind: Part.bytes, description: "What to calculate it of." },
    {
      name: "algorithm",
      kind: Part.bytes,
      isOptional: true,
      default: "CRC_32_ISO_HDLC",
      description:
        "Which one: a name of the [catalogue](https://reveng.sourceforge.io/crc-catalogue/all.htm) with `_` for what " +
        "is no letter or digit, such as `CRC_16_MODBUS`.",
    },
  ],
  failures: ["`value` is no string.", "`algorithm` is none that is known."],
  returns: Part.bytes,
  typeOf: (call) => {
    const algorithm = call.constant("algorithm");
    const isKnown = isText(algorithm) && crcOf(lossyText(algorithm).toUpperCase()) !== undefined;
    return TypeDef.of(Kind.bytes).maybeFallible(!isKnown);
  },
  prepare: () => (value: Text, algorithm: Text) => {
    const name = lossyText(algorithm).toUpperCase();
    const calculate = crcOf(name);
    if (calculate === undefined) return new Failure(`Invalid CRC algorithm: ${name}`);
    return String(calculate(bytesOf(value)));
  },
};

export const examples: readonly Example[] = [
  { title: "The usual one", source: 'crc("Plinth")', result: "s'3990042659'" },
  { title: "Another", source: 'crc("Plinth", algorithm: "CRC_16_MODBUS")', result: "s'60870'" },
];

export const tests: readonly Example[] = [
  { title: "Nothing", source: 'crc("")', result: "s'0'" },
  { title: "Of eight bits", source: 'crc("123456789", "CRC_8_SMBUS")', result: "s'244'" },
  { title: "Of five", source: 'crc("123456789", "crc_5_usb")', result: "s'25'" },
  { title: "Of 64", source: 'crc("123456789", "CRC_64_XZ")', result: "s'11051210869376104954'" },
  { title: "Of 82", source: 'crc("123456789", "CRC_82_DARC")', result: "s'749237524598872659187218'" },
  { title: "Mirrored at one end only", source: 'crc("123456789", "CRC_12_UMTS")', result: "s'3503'" },
  {
    title: "An unknown one",
    source: 'crc!("a", .a)',
    input: '{"a": "crc_0"}',
    error: 'function call error for "crc" at (0:13): Invalid CRC algorithm: CRC_0',
  },
];
