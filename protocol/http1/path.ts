const PERCENT = 0x25;
const DOT = 0x2e;
const QUESTION = 0x3f;
const SLASH = 0x2f;

const isHexDigit = (code: number): boolean =>
  (code >= 0x30 && code <= 0x39) || ((code | 0x20) >= 0x61 && (code | 0x20) <= 0x66);

/**
 * False for a path that servers read in different ways: an escape that is none, an escaped NUL, and dot segments that
 * climb above the root. Most paths have neither a percent sign nor a segment of dots, and cost a look at each byte.
 */
export function isPath(buffer: Buffer, from: number, to: number): boolean {
  let isPlain = true;
  let end = from;
  for (; end < to; end++) {
    const code = buffer[end];
    if (code === QUESTION) break;
    if (code === PERCENT) {
      const [high = 0, low = 0] = [buffer[end + 1], buffer[end + 2]];
      if (end + 2 >= to || !isHexDigit(high) || !isHexDigit(low)) return false;
      if (high === 0x30 && low === 0x30) return false;
      isPlain = false;
    } else if (code === DOT && buffer[end - 1] === SLASH) {
      isPlain = false;
    }
  }
  return isPlain || staysBelowRoot(buffer.toString("latin1", from, end));
}

/** RFC 3986 §5.2.4 drops what climbs too far; servers that map paths to files have not always. */
function staysBelowRoot(path: string): boolean {
  let depth = 0;
  for (const segment of path.replace(/%2e/gi, ".").replace(/%2f/gi, "/").split("/").slice(1)) {
    if (segment === "..") depth--;
    else if (segment !== "." && segment !== "") depth++;
    if (depth < 0) return false;
  }
  return true;
}
