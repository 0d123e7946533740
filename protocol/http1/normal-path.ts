const HASH = 0x23;
const DOT = 0x2e;
const SLASH = 0x2f;
const QUESTION = 0x3f;

/** By octet: what stands for itself within a segment (RFC 3986 §3.3, pchar). */
const STANDS_FOR_ITSELF: readonly boolean[] = Array.from({ length: 256 }, (_, code) =>
  /[A-Za-z0-9._~!$&'()*+,;=:@-]/.test(String.fromCharCode(code)),
);

/**
 * A request target's path as servers resolve it, so that what is one place to them is one text: without scheme, host
 * and query, without empty segments and dot segments (RFC 3986 §5.2.4), escaped where it must be and nowhere else
 * (§6.2.2). An escaped slash stays escaped: it is part of its segment. The target is octets, one character each.
 * Budget: one look at each character of a path that is normal already.
 */
export function normalPath(target: string): string {
  const from = target.charCodeAt(0) === SLASH ? 0 : pathStart(target);
  const end = plainEnd(target, from);
  if (end < 0) return resolved(target.slice(from).replace(/[?#][^]*/, ""));
  return from === 0 && end === target.length ? target : target.slice(from, end);
}

/** Where the path of an absolute target begins; of anything else 0. */
function pathStart(target: string): number {
  return /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i.exec(target)?.[0].length ?? 0;
}

/** Where a path ends that is normal as it is; -1 for one that is not. */
function plainEnd(target: string, from: number): number {
  if (target === "*") return 1; // of OPTIONS (RFC 9112 §3.2.4): no path at all
  if (target.charCodeAt(from) !== SLASH) return -1;
  let before = 0;
  for (let index = from; index < target.length; index++) {
    const code = target.charCodeAt(index);
    if (code === QUESTION || code === HASH) return index;
    // An empty segment, or one that begins with a dot and may be nothing else.
    if (before === SLASH && (code === SLASH || code === DOT)) return -1;
    if (code !== SLASH && STANDS_FOR_ITSELF[code] !== true) return -1;
    before = code;
  }
  return target.length;
}

function resolved(path: string): string {
  const segments: string[] = [];
  let isFolder = true;
  for (const raw of path.split("/")) {
    const segment = raw.replace(/%[0-9A-Fa-f]{2}|[^]/g, normalOctet);
    isFolder = segment === "" || segment === "." || segment === "..";
    if (segment === "..") segments.pop();
    else if (!isFolder) segments.push(segment);
  }
  if (isFolder && segments.length > 0) segments.push("");
  return `/${segments.join("/")}`;
}

/** An octet or its escape, as one of the two. */
function normalOctet(text: string): string {
  if (text === "%") return text; // of no escape: there is no telling what was meant
  const code = text.length === 1 ? text.charCodeAt(0) : Number.parseInt(text.slice(1), 16);
  if (STANDS_FOR_ITSELF[code] === true) return String.fromCharCode(code);
  return `%${code.toString(16).toUpperCase().padStart(2, "0")}`;
}
