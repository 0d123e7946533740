import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { Failure } from "../runtime/failure.ts";
import { bytesOf, lossyText, type Text } from "../runtime/text.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { base64Bytes } from "./encoding/base64.ts";
import { decoderOf } from "./encoding/charset.ts";
import { quotedPrintableBytes } from "./encoding/quoted-printable.ts";

export const decodeMimeQ: FunctionDefinition = {
  name: "decode_mime_q",
  category: "Codec",
  usage:
    "Replaces the [encoded words](https://datatracker.ietf.org/doc/html/rfc2047#section-2) in `value`, like those in " +
    "mails' headers, by the text they stand for.",
  parameters: [{ name: "value", kind: Part.bytes, description: "The text that has encoded words in it." }],
  failures: ["An encoded word's encoding or character set is not known, or it does not hold what they say."],
  returns: Part.bytes,
  typeOf: () => TypeDef.of(Kind.bytes).fallible,
  prepare: () => (value: Text) => decodeWords(lossyText(value)),
};

function decodeWords(input: string): string | Failure {
  let text = "";
  let at = 0;
  for (;;) {
    const start = input.indexOf("=?", at);
    if (start === -1) break;
    const word = wordAt(input, start + 2);
    if (word === undefined || !word.isClosed) break;
    const decoded = decodeWord(word);
    if (decoded instanceof Failure) return decoded;
    text += input.slice(at, start) + decoded;
    at = word.end + 2;
  }
  if (at > 0) return text + input.slice(at);
  const whole = wordAt(input, 0);
  const decoded = whole === undefined ? undefined : decodeWord(whole);
  if (whole === undefined || decoded === undefined || decoded instanceof Failure) return input;
  return decoded + input.slice(whole.end);
}

/** `charset?encoding?text?=`, the first of which may be missing. */
interface Word {
  readonly charset: string | undefined;
  readonly encoding: string;
  readonly text: string;
  readonly end: number;
  readonly isClosed: boolean;
}

function wordAt(input: string, start: number): Word | undefined {
  const first = input.indexOf("?", start);
  const second = first === -1 ? -1 : input.indexOf("?", first + 1);
  if (second === -1) return undefined;
  const close = input.indexOf("?=", second + 1);
  const end = close === -1 ? input.length : close;
  return {
    charset: first === start ? undefined : input.slice(start, first),
    encoding: input.slice(first + 1, second),
    text: input.slice(second + 1, end),
    end,
    isClosed: close !== -1,
  };
}

function decodeWord({ charset = "utf-8", encoding, text }: Word): string | Failure {
  let bytes: Uint8Array | undefined;
  if (encoding === "B" || encoding === "b") {
    bytes = paddedBase64Bytes(text);
    if (bytes === undefined) return new Failure("Unable to decode base64 value");
  } else if (encoding === "Q" || encoding === "q") bytes = quotedWordBytes(text.replaceAll("_", " "));
  else return new Failure(`Invalid encoding: ${JSON.stringify(encoding)}`);
  const decoder = decoderOf(charset);
  if (decoder === undefined || decoder === "replacement")
    return new Failure(`Unable to decode ${JSON.stringify(charset)} value`);
  return decoder.decode(bytes);
}

function paddedBase64Bytes(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0) return undefined;
  return base64Bytes(text.replace(/={1,2}$/, ""), "standard");
}

/** Space at the end counts here. */
function quotedWordBytes(text: string): Uint8Array {
  const trimmed = text.trimEnd();
  const bytes = quotedPrintableBytes(trimmed);
  const tail = bytesOf(text.slice(trimmed.length));
  const whole = new Uint8Array(bytes.length + tail.length);
  whole.set(bytes);
  whole.set(tail, bytes.length);
  return whole;
}

export const examples: readonly Example[] = [
  {
    title: "A mail's subject",
    source: 'decode_mime_q!("Subject: =?utf-8?q?Caf=C3=A9_au_lait?=")',
    result: "Subject: Café au lait",
  },
  { title: "In Base64", source: 'decode_mime_q!("=?iso-8859-1?b?Y2Fm6Q==?=")', result: "café" },
];

export const tests: readonly Example[] = [
  { title: "No encoded word", source: 'decode_mime_q!("plain = ? text")', result: "plain = ? text" },
  { title: "More than one", source: 'decode_mime_q!("=?utf-8?q?a?= b =?utf-8?q?c?= d")', result: "a b c d" },
  { title: "Without its marks", source: 'decode_mime_q!("?b?Y2Fmw6k=")', result: "café" },
  { title: "Lone signs stay", source: 'decode_mime_q!("=?utf-8?q?a=ZZ=4?=")', result: "a=ZZ=4" },
  { title: "Space at the end", source: 'decode_mime_q!("=?utf-8?q?a_?=b")', result: "a b" },
  {
    title: "An unknown encoding",
    source: 'decode_mime_q!("=?utf-8?x?a?=")',
    error: 'function call error for "decode_mime_q" at (0:31): Invalid encoding: "x"',
  },
  {
    title: "An unknown character set",
    source: 'decode_mime_q!("=?ebcdic?q?a?=")',
    error: 'function call error for "decode_mime_q" at (0:32): Unable to decode "ebcdic" value',
  },
  {
    title: "What is no Base64",
    source: 'decode_mime_q!("=?utf-8?b?YQ?=")',
    error: 'function call error for "decode_mime_q" at (0:32): Unable to decode base64 value',
  },
];
