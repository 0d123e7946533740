/** Classes of octets (RFC 9110 §5.6, RFC 9112 §3), one table lookup per byte. */
export const METHOD = 1;
export const TOKEN = 2;
/** Field values: visible ASCII, space, tab and obs-text. */
export const VALUE = 4;
/** Request targets: visible ASCII without "#", which no client may send. */
export const TARGET = 8;
export const HOST = 16;
/** Chunk extensions: as values, but ASCII only. */
export const EXTENSION = 32;

export const HTAB = 0x09;
export const LF = 0x0a;
export const CR = 0x0d;
export const SP = 0x20;
export const COLON = 0x3a;
export const COMMA = 0x2c;
export const SEMICOLON = 0x3b;

export const octets: Uint8Array = new Uint8Array(256);

for (let code = 0; code < 256; code++) {
  const char = String.fromCharCode(code);
  let classes = 0;
  if (/[A-Z_-]/.test(char)) classes |= METHOD;
  if (/[A-Za-z0-9!#$%&'*+.^_`|~-]/.test(char)) classes |= TOKEN;
  if (code === HTAB || (code >= SP && code !== 0x7f)) classes |= VALUE;
  if (code > SP && code < 0x7f && char !== "#") classes |= TARGET;
  if (/[A-Za-z0-9._-]/.test(char)) classes |= HOST;
  if (code === HTAB || (code >= SP && code < 0x7f)) classes |= EXTENSION;
  octets[code] = classes;
}

/** The value of a hexadecimal digit, or -1. */
export function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
