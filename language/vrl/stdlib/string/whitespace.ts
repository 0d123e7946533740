/** White space as Unicode's property `White_Space` has it, which is not quite that of `String.prototype.trim`. */

export function isWhitespace(unit: number): boolean {
  if (unit < 0x80) return unit === 0x20 || (unit >= 0x09 && unit <= 0x0d);
  if (unit < 0x16_80) return unit === 0x85 || unit === 0xa0;
  return (
    (unit >= 0x20_00 && unit <= 0x20_0a) ||
    unit === 0x20_28 ||
    unit === 0x20_29 ||
    unit === 0x20_2f ||
    unit === 0x20_5f ||
    unit === 0x30_00 ||
    unit === 0x16_80
  );
}

/** Whether it has nothing but white space. */
export function isBlank(text: string): boolean {
  for (let index = 0; index < text.length; index++) if (!isWhitespace(text.charCodeAt(index))) return false;
  return true;
}

/** Without the white space at its start and end. */
export function trimmed(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isWhitespace(text.charCodeAt(start))) start++;
  while (end > start && isWhitespace(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}
