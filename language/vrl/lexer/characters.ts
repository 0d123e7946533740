/** Classes of characters; all take UTF-16 units. What is not ASCII is never part of a name. */

export const NEWLINE = 0x0a;
export const BANG = 0x21;
export const QUOTE = 0x22;
export const HASH = 0x23;
export const PERCENT = 0x25;
export const APOSTROPHE = 0x27;
export const LEFT_PAREN = 0x28;
export const RIGHT_PAREN = 0x29;
export const DOT = 0x2e;
export const LEFT_BRACKET = 0x5b;
export const BACKSLASH = 0x5c;
export const RIGHT_BRACKET = 0x5d;
export const UNDERSCORE = 0x5f;
export const LEFT_BRACE = 0x7b;
export const RIGHT_BRACE = 0x7d;

export function isDigit(unit: number): boolean {
  return unit >= 0x30 && unit <= 0x39;
}

/** `@` and `_` are letters of names, too. */
export function isNameStart(unit: number): boolean {
  return (
    (unit >= 0x61 && unit <= 0x7a) || (unit >= 0x41 && unit <= 0x5a) || unit === UNDERSCORE || unit === 0x40
  );
}

export function isNamePart(unit: number): boolean {
  return isNameStart(unit) || isDigit(unit);
}

export function isQueryStart(unit: number): boolean {
  return (
    isNameStart(unit) || unit === DOT || unit === PERCENT || unit === LEFT_BRACE || unit === LEFT_BRACKET
  );
}

/** `! & * + - / < = > ? |`: a run of them is one token. */
export function isOperator(unit: number): boolean {
  return (
    unit === BANG ||
    unit === 0x26 ||
    unit === 0x2a ||
    unit === 0x2b ||
    unit === 0x2d ||
    unit === 0x2f ||
    (unit >= 0x3c && unit <= 0x3f) ||
    unit === 0x7c
  );
}

/** Unicode's `White_Space`. */
export function isWhitespace(unit: number): boolean {
  if (unit <= 0x20) return unit === 0x20 || (unit >= 0x09 && unit <= 0x0d);
  if (unit < 0x85) return false;
  return (
    unit === 0x85 ||
    unit === 0xa0 ||
    unit === 0x16_80 ||
    (unit >= 0x20_00 && unit <= 0x20_0a) ||
    unit === 0x20_28 ||
    unit === 0x20_29 ||
    unit === 0x20_2f ||
    unit === 0x20_5f ||
    unit === 0x30_00
  );
}

/** Whether a literal in single quotes begins here: `r'`, `s'` or `t'`. */
export function isQuotedPrefix(source: string, index: number): boolean {
  const unit = source.charCodeAt(index);
  return (unit === 0x72 || unit === 0x73 || unit === 0x74) && source.charCodeAt(index + 1) === APOSTROPHE;
}
