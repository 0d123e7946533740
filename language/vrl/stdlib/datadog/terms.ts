/** The words of searches, as sticky expressions; each is of one class of characters and escapes, so linear. */

// Any character behind a backslash, or one that has no meaning of its own.
const START = String.raw`(?:\\[^]|(?!UNICODE3000)[^ \r\n\t"()[\]{}+\-!:~^?*\\>=<])`;
const REST = String.raw`(?:${START}|[-+=])`;
const END = String.raw`(?=[ \r\n\t)\]}]|$)`;
const NUMBER = String.raw`(?:\\?-)?[0-9]+(?:\.[0-9]+)?`;

export const TERM: RegExp = new RegExp(String.raw`(?!AND|&&|OR|\|\||NOT|-)${START}${REST}*`, "yu");
export const LAST_TERM: RegExp = new RegExp(`${TERM.source}${END}`, "yu");
/** A word that belongs to a phrase without quotes: no attribute, no wildcard, and no operator after it. */
export const PHRASE_TERM: RegExp = new RegExp(
  String.raw`(?!AND|&&|OR|\|\||NOT|-)(?:${START}${REST}*)(?!${REST}|:|\*|[ \r\n\t]+(?:AND|&&|OR|\|\|))`,
  "yu",
);
export const PREFIX: RegExp = new RegExp(String.raw`${START}${REST}*\*${END}`, "yu");
export const GLOB: RegExp = new RegExp(String.raw`(?:${START}|[*?])(?:${REST}|[*?])*${END}`, "yu");
export const QUOTED: RegExp = /"(?:\\[^]|[^"\\])*"/uy;
export const STAR: RegExp = new RegExp(String.raw`\*${END}`, "yu");
export const MATCH_ALL: RegExp = /\*:\*/uy;
export const NUMERIC_TERM: RegExp = new RegExp(`${NUMBER}(?:E${NUMBER})?`, "yu");
export const RANGE_VALUE: RegExp = /[^ \r\n\t\]}]+/uy;
export const SPACE: RegExp = /[ \r\n\t]*/uy;

/** Less the backslashes that stand before others. */
export function unescaped(text: string): string {
  return text.replace(/\\([^]|$)/gu, "$1");
}
