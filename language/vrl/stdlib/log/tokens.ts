/**
 * Splits a line into words between spaces and tabs, `"…"` and `[…]`. Within quotes and brackets a backslash may stand
 * before the closing one and before another backslash, and stays. What cannot be split further is one token.
 */
export function splitTokens(line: string): string[] {
  const tokens: string[] = [];
  let at = 0;
  while (at < line.length) {
    let next = at;
    const unit = line.charCodeAt(at);
    if (unit === QUOTE || unit === OPEN) {
      const close = closingOf(line, at + 1, unit === QUOTE ? QUOTE : CLOSE);
      if (close === -1) {
        tokens.push(line.slice(at));
        break;
      }
      tokens.push(line.slice(at + 1, close));
      next = close + 1;
    } else {
      while (next < line.length && !endsWord(line.charCodeAt(next))) next++;
      // Only a line that begins with a space gets here without a word.
      if (next === at) {
        tokens.push(line.slice(at));
        break;
      }
      tokens.push(line.slice(at, next));
    }
    while (isSpace(line.charCodeAt(next))) next++;
    at = next;
  }
  return tokens;
}

const QUOTE = 0x22;
const OPEN = 0x5b;
const CLOSE = 0x5d;
const BACKSLASH = 0x5c;

function isSpace(unit: number): boolean {
  return unit === 0x20 || unit === 0x09;
}

function endsWord(unit: number): boolean {
  return isSpace(unit) || unit === QUOTE || unit === OPEN;
}

/** -1: it is not closed, or a backslash stands before something else. */
function closingOf(line: string, from: number, close: number): number {
  for (let at = from; at < line.length; at++) {
    const unit = line.charCodeAt(at);
    if (unit === close) return at;
    if (unit !== BACKSLASH) continue;
    const escaped = line.charCodeAt(++at);
    if (escaped !== close && escaped !== BACKSLASH) return -1;
  }
  return -1;
}
