/** Places in texts, counted in bytes of UTF-8 and in UTF-16 units. */
import { byteLength } from "../../runtime/text.ts";

/** Where the first character begins at or after that many bytes; undefined: the text is shorter. */
export function unitAtByte(text: string, byte: number): number | undefined {
  let bytes = 0;
  let unit = 0;
  while (bytes < byte) {
    if (unit >= text.length) return undefined;
    const code = text.codePointAt(unit)!;
    bytes += code < 0x80 ? 1 : code < 0x8_00 ? 2 : code < 0x1_00_00 ? 3 : 4;
    unit += code < 0x1_00_00 ? 1 : 2;
  }
  return unit;
}

export function byteAtUnit(text: string, unit: number): number {
  return byteLength(text.slice(0, unit));
}
