/** Percent-encoding: `%` and two digits for a byte. */
import { bytesOf, lossyText, type Text } from "../../runtime/text.ts";

/** The ASCII characters beyond controls that each set encodes. Everything beyond ASCII always is. */
const FRAGMENT = ' "<>`';
const QUERY = ' "#<>';
const SPECIAL = `${QUERY}'`;
const PATH = `${QUERY}?\`{}`;
const USERINFO = `${PATH}/:;=@[\\]^|`;
const COMPONENT = `${USERINFO}$%&+,`;
const WWW_FORM_URLENCODED = `${COMPONENT}!'()~`;

/** Those sets by their names; `NON_ALPHANUMERIC` is what no letter and no digit is. */
const sets: Readonly<Record<string, RegExp>> = {
  NON_ALPHANUMERIC: /[^0-9A-Za-z]/gu,
  CONTROLS: setOf(""),
  FRAGMENT: setOf(FRAGMENT),
  QUERY: setOf(QUERY),
  SPECIAL: setOf(SPECIAL),
  PATH: setOf(PATH),
  USERINFO: setOf(USERINFO),
  COMPONENT: setOf(COMPONENT),
  WWW_FORM_URLENCODED: setOf(WWW_FORM_URLENCODED),
};

export const PERCENT_SETS: readonly string[] = Object.keys(sets);

function setOf(characters: string): RegExp {
  const literal = characters.replace(/[\\\]^]/g, String.raw`\$&`).replaceAll("/", String.raw`\/`);
  return new RegExp(String.raw`[\u0000-\u001f\u007f-\u{10ffff}${literal}]`, "gu");
}

/** `set` is one of `PERCENT_SETS`. */
export function percentEncoder(set: string): (text: string) => string {
  const encoded = sets[set]!;
  return (text) => text.toWellFormed().replace(encoded, percentText);
}

function percentText(character: string): string {
  let text = "";
  for (const byte of bytesOf(character)) text += `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  return text;
}

/** The bytes it stands for; a `%` without two digits after it stays. */
export function percentDecoded(text: Text, plus: "space" | "plus" = "plus"): string {
  if (typeof text === "string" && !text.includes("%"))
    return plus === "space" ? text.replaceAll("+", " ") : text;
  const bytes = Uint8Array.from(bytesOf(text));
  let length = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]!;
    if (byte === 0x25) {
      const decoded = byteOf(bytes[at + 1], bytes[at + 2]);
      if (decoded !== undefined) at += 2;
      bytes[length++] = decoded ?? byte;
    } else bytes[length++] = byte === 0x2b && plus === "space" ? 0x20 : byte;
  }
  return lossyText(bytes.subarray(0, length));
}

function byteOf(high: number | undefined, low: number | undefined): number | undefined {
  if (high === undefined || low === undefined) return undefined;
  const digits = String.fromCharCode(high, low);
  return /^[0-9A-Fa-f]{2}$/.test(digits) ? Number.parseInt(digits, 16) : undefined;
}
