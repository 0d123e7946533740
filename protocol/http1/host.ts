import { COLON, HOST, hexDigit, octets } from "./octets.ts";

const DOT = 0x2e;

/**
 * True for `uri-host [":" port]` in `buffer[start..end]`: a name of letters, digits, ".", "-" and "_", or an
 * address in brackets. Other characters that RFC 3986 allows in names occur only in attacks on routing.
 */
export function isHost(buffer: Buffer, start: number, end: number): boolean {
  let at = start;
  if (buffer[at] === 0x5b) {
    at++;
    const from = at;
    while (at < end && (buffer[at] === COLON || buffer[at] === DOT || hexDigit(buffer[at]!) >= 0)) at++;
    if (at === from || at >= end || buffer[at] !== 0x5d) return false;
    at++;
  } else {
    while (at < end && (octets[buffer[at]!]! & HOST) !== 0) at++;
    if (at === start) return false;
  }
  if (at === end) return true;
  if (buffer[at] !== COLON || end - at > 6) return false;
  let port = 0;
  for (at++; at < end; at++) {
    const digit = buffer[at]! - 0x30;
    if (digit < 0 || digit > 9) return false;
    port = port * 10 + digit;
  }
  return port <= 65_535;
}

/** The name in a valid Host value: without the port, in lower case, without a trailing dot. */
export function hostName(value: string): string {
  const colon = value.startsWith("[") ? value.indexOf(":", value.indexOf("]")) : value.indexOf(":");
  const name = (colon < 0 ? value : value.slice(0, colon)).toLowerCase();
  return name.length > 1 && name.endsWith(".") ? name.slice(0, -1) : name;
}
