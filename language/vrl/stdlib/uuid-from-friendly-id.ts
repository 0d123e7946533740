import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { Failure } from "../runtime/failure.ts";
import { bytesOf, lossyText, type Text } from "../runtime/text.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { uuidText } from "./encoding/uuid.ts";

/** 62 digits make at least 128 bits with so many of them. */
const DIGITS_MAX = 22;
const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

export const uuidFromFriendlyId: FunctionDefinition = {
  name: "uuid_from_friendly_id",
  category: "Random",
  usage: "Turns a friendly id, which is a number of 128 bits in Base62, into the UUID it stands for.",
  parameters: [{ name: "value", kind: Part.bytes, description: "The friendly id." }],
  failures: [
    "`value` holds something else than letters and digits of ASCII.",
    "`value` is a number of more than 128 bits.",
  ],
  returns: Part.bytes,
  typeOf: () => TypeDef.of(Kind.bytes).fallible,
  prepare: () => (value: Text) => {
    const number = friendlyNumber(bytesOf(lossyText(value)));
    if (typeof number === "string") return new Failure(`failed to decode friendly id: ${number}`);
    const bytes = new Uint8Array(16);
    const view = new DataView(bytes.buffer);
    view.setBigUint64(0, number >> 64n);
    view.setBigUint64(8, BigInt.asUintN(64, number));
    return uuidText(bytes);
  },
};

/** A string says why it is none. */
function friendlyNumber(bytes: Uint8Array): bigint | string {
  if (bytes.length === 0) return "Encoded input is an empty string";
  let zeros = 0;
  while (bytes[zeros] === 0x30) zeros++;
  const digits = bytes.length - zeros;
  if (digits > DIGITS_MAX) return TOO_LARGE;
  let number = 0n;
  for (let index = 0; index < digits; index++) {
    const byte = bytes[zeros + index]!;
    const digit = DIGITS.indexOf(String.fromCharCode(byte));
    if (digit === -1)
      return `Encoded input contains the invalid byte b'${escapedByte(byte)}' at index ${zeros + index}`;
    number = number * 62n + BigInt(digit);
    // VRL's reader finds out early where the first digits alone are too many.
    if (index === FIRST_DIGITS - 1 && number * 62n ** BigInt(digits - FIRST_DIGITS) > U128_MAX)
      return TOO_LARGE;
  }
  return number > U128_MAX ? TOO_LARGE : number;
}

const FIRST_DIGITS = 10;
const U128_MAX = 2n ** 128n - 1n;
const TOO_LARGE = "Decoded number cannot fit into a `u128`";

function escapedByte(byte: number): string {
  const character = String.fromCharCode(byte);
  const escape = { "\t": "\\t", "\r": "\\r", "\n": "\\n", "'": "\\'", '"': '\\"', "\\": "\\\\" }[character];
  if (escape !== undefined) return escape;
  return byte >= 0x20 && byte < 0x7f ? character : `\\x${byte.toString(16).padStart(2, "0")}`;
}

export const examples: readonly Example[] = [
  {
    title: "Read one",
    source: 'uuid_from_friendly_id!("1Iuqd5JLs24qbnCj6uVqS5")',
    result: "s'2ae1c1bd-64da-1679-fdae-2cfba74f56a5'",
  },
];

export const tests: readonly Example[] = [
  {
    title: "Zero",
    source: 'uuid_from_friendly_id!("0000000000000000000000000")',
    result: "00000000-0000-0000-0000-000000000000",
  },
  {
    title: "Short",
    source: 'uuid_from_friendly_id!("Zz")',
    result: "s'00000000-0000-0000-0000-0000000008b7'",
  },
  {
    title: "The largest",
    source: 'uuid_from_friendly_id!("7n42DGM5Tflk9n8mt7Fhc7")',
    result: "ffffffff-ffff-ffff-ffff-ffffffffffff",
  },
  {
    title: "Beyond it",
    source: 'uuid_from_friendly_id!("7n42DGM5Tflk9n8mt7Fhc8")',
    error:
      'function call error for "uuid_from_friendly_id" at (0:48): failed to decode friendly id: Decoded number cannot fit into a `u128`',
  },
  {
    title: "Another character",
    source: 'uuid_from_friendly_id!("a-b")',
    error:
      'function call error for "uuid_from_friendly_id" at (0:29): failed to decode friendly id: Encoded input contains ' +
      "the invalid byte b'-' at index 1",
  },
  {
    title: "Unicode",
    source: 'uuid_from_friendly_id!("é")',
    error:
      'function call error for "uuid_from_friendly_id" at (0:28): failed to decode friendly id: Encoded input contains ' +
      "the invalid byte b'\\xc3' at index 0",
  },
  {
    title: "Empty",
    source: 'uuid_from_friendly_id!("")',
    error:
      'function call error for "uuid_from_friendly_id" at (0:26): failed to decode friendly id: Encoded input is an empty string',
  },
];
