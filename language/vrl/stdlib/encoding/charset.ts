/**
 * The character sets of the Encoding standard (https://encoding.spec.whatwg.org). The platform decodes them; encoding
 * is the reverse of what it decodes.
 */
import { bytesOf, textOf } from "../../runtime/text.ts";
import { ByteSink } from "../compression/sink.ts";

/** The standard's labels are about 220; others are no labels. */
const decoders = new Map<string, TextDecoder>();

/** Sets whose decoder yields one U+FFFD for whatever it gets, and their labels. */
const REPLACEMENT = new Set([
  "csiso2022kr",
  "hz-gb-2312",
  "iso-2022-cn",
  "iso-2022-cn-ext",
  "iso-2022-kr",
  "replacement",
]);

/** Undefined: there is no such character set. */
export function decoderOf(label: string): TextDecoder | "replacement" | undefined {
  const name = label.replace(/^[\t\n\f\r ]+|[\t\n\f\r ]+$/g, "").toLowerCase();
  if (REPLACEMENT.has(name)) return "replacement";
  const known = decoders.get(name);
  if (known !== undefined) return known;
  // Labels are of letters and digits; what is longer than the longest need not be asked for.
  if (!/^[a-z0-9_:.-]{1,40}$/.test(name)) return undefined;
  try {
    const decoder = new TextDecoder(name, { ignoreBOM: true });
    decoders.set(name, decoder);
    return decoder;
  } catch {
    return undefined;
  }
}

/** A mark of the byte order before the text tells more than the label does. */
export function decodeCharset(bytes: Uint8Array, decoder: TextDecoder | "replacement"): string {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf)
    return decodeAs("utf-8", bytes.subarray(3));
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return decodeAs("utf-16le", bytes.subarray(2));
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return decodeAs("utf-16be", bytes.subarray(2));
  if (decoder === "replacement") return bytes.length === 0 ? "" : "\ufffd";
  return decoder.decode(bytes);
}

function decodeAs(label: string, bytes: Uint8Array): string {
  return (decoderOf(label) as TextDecoder).decode(bytes);
}

/** What the set does not have becomes a reference like `&#128512;`. */
export function encodeCharset(text: string, decoder: TextDecoder | "replacement"): Uint8Array {
  const wellFormed = text.toWellFormed();
  const name = decoder === "replacement" ? "utf-8" : decoder.encoding;
  if (name === "utf-8" || name.startsWith("utf-16")) return bytesOf(wellFormed);
  if (name === "iso-2022-jp") return encodeIso2022Jp(wellFormed);
  const table = tableOf(name, decoder as TextDecoder);
  const sink = new ByteSink();
  for (const character of wellFormed) {
    const codePoint = character.codePointAt(0)!;
    const encoded = table.get(codePoint) ?? (name === "gb18030" ? gb18030Beyond(codePoint) : undefined);
    if (codePoint < 0x80) sink.push(codePoint);
    else if (encoded === undefined) sink.append(bytesOf(`&#${codePoint};`));
    else for (let rest = encoded; rest.length > 0; rest = rest.slice(1)) sink.push(rest.charCodeAt(0));
  }
  return sink.bytes();
}

/** Each character's bytes, as a string of them. */
type Table = Map<number, string>;

const tables = new Map<string, Table>();

function tableOf(name: string, decoder: TextDecoder): Table {
  let table = tables.get(name);
  if (table === undefined) {
    table = buildTable(name, decoder);
    tables.set(name, table);
  }
  return table;
}

function buildTable(name: string, decoder: TextDecoder): Table {
  const table: Table = new Map();
  const add = (bytes: string, keepsLast: boolean) => {
    const characters = Array.from(decoder.decode(Uint8Array.from(bytes, (unit) => unit.charCodeAt(0))));
    const codePoint = characters[0]?.codePointAt(0);
    if (characters.length !== 1 || codePoint === undefined || codePoint === 0xff_fd || codePoint < 0x80)
      return;
    if (keepsLast || !table.has(codePoint)) table.set(codePoint, bytes);
  };
  // That set's standard encoding of the euro sign has two bytes.
  for (let byte = name === "gb18030" ? 0x81 : 0x80; byte <= 0xff; byte++)
    add(String.fromCharCode(byte), false);
  if (!MULTI_BYTE.has(name)) return table;
  for (let lead = 0x81; lead <= 0xfe; lead++) {
    // Vendors' doubles that the standard does not encode to.
    if (name === "big5" && lead < 0xa1) continue;
    if (name === "shift_jis" && (lead === 0xed || lead === 0xee)) continue;
    for (let trail = 0x40; trail <= 0xfe; trail++) {
      const bytes = String.fromCharCode(lead, trail);
      add(bytes, name === "big5" && BIG5_LAST.has(bytes));
    }
  }
  if (name === "gbk") table.set(0x20_ac, "\u0080");
  if (name === "gb18030") addGb18030(add);
  return table;
}

const MULTI_BYTE = new Set(["big5", "euc-jp", "euc-kr", "gb18030", "gbk", "shift_jis"]);

/** Of characters that Big5 has twice, those that the standard encodes to although they come second. */
const BIG5_LAST = new Set([
  "\u00f9\u00f9",
  "\u00f9\u00e9",
  "\u00f9\u00f1",
  "\u00f9\u00ea",
  "\u00a4\u0051",
  "\u00a4\u00ca",
]);

/** Below the astral planes four bytes count up. */
const GB18030_BMP = 39_420;

function addGb18030(add: (bytes: string, keepsLast: boolean) => void): void {
  for (let pointer = 0; pointer < GB18030_BMP; pointer++) add(gb18030Bytes(pointer), false);
}

function gb18030Beyond(codePoint: number): string | undefined {
  return codePoint >= 0x1_00_00 ? gb18030Bytes(189_000 + codePoint - 0x1_00_00) : undefined;
}

function gb18030Bytes(pointer: number): string {
  return String.fromCharCode(
    0x81 + Math.floor(pointer / 12_600),
    0x30 + (Math.floor(pointer / 1260) % 10),
    0x81 + (Math.floor(pointer / 10) % 126),
    0x30 + (pointer % 10),
  );
}

/** Letters and Japanese in turn, each announced by an escape. */
function encodeIso2022Jp(text: string): Uint8Array {
  const table = tableOf("euc-jp", decoderOf("euc-jp") as TextDecoder);
  const sink = new ByteSink();
  let isJapanese = false;
  const switchTo = (japanese: boolean) => {
    if (isJapanese !== japanese) sink.append(bytesOf(japanese ? "\u001b$B" : "\u001b(B"));
    isJapanese = japanese;
  };
  for (const character of text) {
    const codePoint = character.codePointAt(0)!;
    const encoded = table.get(wideOf(codePoint));
    if (codePoint < 0x80 || encoded?.length !== 2) {
      switchTo(false);
      // Shifts would be read as what they are not.
      const isShift = codePoint === 0x0e || codePoint === 0x0f || codePoint === 0x1b;
      sink.append(bytesOf(isShift ? "&#65533;" : codePoint < 0x80 ? character : `&#${codePoint};`));
      continue;
    }
    switchTo(true);
    sink.push(encoded.charCodeAt(0) & 0x7f);
    sink.push(encoded.charCodeAt(1) & 0x7f);
  }
  switchTo(false);
  return sink.bytes();
}

/** Narrow katakana have no place there; the wide ones do. */
function wideOf(codePoint: number): number {
  if (codePoint < 0xff_61 || codePoint > 0xff_9f) return codePoint === 0x22_12 ? 0xff_0d : codePoint;
  if (codePoint === 0xff_9e) return 0x30_9b;
  if (codePoint === 0xff_9f) return 0x30_9c;
  return String.fromCodePoint(codePoint).normalize("NFKC").codePointAt(0)!;
}

/** As VRL names a label that is none. */
export function labelOf(label: Uint8Array | string): string {
  const text = typeof label === "string" ? label : textOf(label);
  return typeof text === "string" ? text : "unknown";
}
