/** Bytes as text in which each byte that is no part of a character is half a surrogate pair, which no UTF-8 has. */

const FIRST_HALF = 0xdc_00;

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function unitsOfBytes(bytes: Uint8Array): string {
  let text = "";
  let at = 0;
  while (at < bytes.length) {
    const length = characterLength(bytes, at);
    if (length === 0) text += String.fromCharCode(FIRST_HALF + bytes[at++]!);
    else {
      text += decoder.decode(bytes.subarray(at, at + length));
      at += length;
    }
  }
  return text;
}

/** Of the character that begins there; 0: none does. */
function characterLength(bytes: Uint8Array, at: number): number {
  const lead = bytes[at]!;
  if (lead < 0x80) return 1;
  const length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || at + length > bytes.length) return 0;
  for (let index = 1; index < length; index++) if ((bytes[at + index]! & 0xc0) !== 0x80) return 0;
  const second = bytes[at + 1]!;
  const isShorter = (lead === 0xe0 && second < 0xa0) || (lead === 0xf0 && second < 0x90);
  const isNone = (lead === 0xed && second > 0x9f) || (lead === 0xf4 && second > 0x8f);
  return isShorter || isNone ? 0 : length;
}
