/** Expressions of IP addresses, from their parts. */

const OCTET = String.raw`(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)`;
const DOTTED = String.raw`${OCTET}(?:\.${OCTET}){3}`;
const HEX = "[0-9A-Fa-f]{1,4}";

/** So many groups before `::`, then what may follow; the longest first. */
function compressed(before: number): string {
  const after = `(?::${HEX}){1,${7 - before}}`;
  const withDots = before === 5 ? `:${DOTTED}` : `(?::${HEX}){0,${5 - before}}:${DOTTED}`;
  return `${before === 0 ? ":" : `(?:${HEX}:){${before}}`}(?:${after}|${withDots}|:)`;
}

/** With or without a zone. */
export const IPV6: string =
  `(?:(?:${HEX}:){7}(?:${HEX}|:)|(?:${HEX}:){6}(?::${HEX}|${DOTTED}|:)|` +
  `${[5, 4, 3, 2, 1, 0].map(compressed).join("|")})(?:%.+)?`;

const LARGE = "25[0-5]|2[0-4][0-9]";
const SMALL = "[0-1]?[0-9]{1,2}";

function dotted(octet: string): string {
  return `(?<![0-9])(?:${octet})[.](?:${octet})[.](?:${octet})[.](?:${octet})(?![0-9])`;
}

/** Zeros may stand in front. */
export const IPV4: string = dotted(`${LARGE}|${SMALL}`);
/** The same, but it tries small numbers first. */
export const IPV4_SMALL_FIRST: string = dotted(`${SMALL}|2[0-4][0-9]|25[0-5]`);
