/** Headers that decide about framing, routing or the connection; all others are `other`. */
export const HeaderKind = {
  other: 0,
  host: 1,
  contentLength: 2,
  transferEncoding: 3,
  connection: 4,
  keepAlive: 5,
  proxyConnection: 6,
  te: 7,
  trailer: 8,
  upgrade: 9,
  expect: 10,
  /** Named by Connection: meant for the next hop only. */
  nominated: 11,
  /** "_" where a framing header has "-": gateways that map one to the other would see a second length. */
  disguised: 12,
} as const;

interface Known {
  readonly name: Uint8Array;
  readonly kind: number;
}

const byLength: Known[][] = Array.from({ length: 18 }, () => []);
for (const [text, kind] of [
  ["host", HeaderKind.host],
  ["content-length", HeaderKind.contentLength],
  ["transfer-encoding", HeaderKind.transferEncoding],
  ["connection", HeaderKind.connection],
  ["keep-alive", HeaderKind.keepAlive],
  ["proxy-connection", HeaderKind.proxyConnection],
  ["te", HeaderKind.te],
  ["trailer", HeaderKind.trailer],
  ["upgrade", HeaderKind.upgrade],
  ["expect", HeaderKind.expect],
] as const) {
  byLength[text.length]!.push({ name: Buffer.from(text), kind });
}

const DASH = 0x2d;
const UNDERSCORE = 0x5f;

/** The kind of the header named by `buffer[start..start+length]`, in any case of letters. */
export function headerKind(buffer: Buffer, start: number, length: number): number {
  if (length > 17) return HeaderKind.other;
  const candidates = byLength[length]!;
  for (let index = 0; index < candidates.length; index++) {
    const known = candidates[index]!;
    const name = known.name;
    let at = 0;
    let disguised = false;
    while (at < length) {
      const code = buffer[start + at]!;
      const expected = name[at]!;
      if (code !== expected) {
        if (expected === DASH) {
          if (code !== UNDERSCORE) break;
          disguised = true;
        } else if ((code | 0x20) !== expected || code < 0x41) break;
      }
      at++;
    }
    if (at < length) continue;
    if (!disguised) return known.kind;
    if (known.kind === HeaderKind.contentLength || known.kind === HeaderKind.transferEncoding) {
      return HeaderKind.disguised;
    }
  }
  return HeaderKind.other;
}
