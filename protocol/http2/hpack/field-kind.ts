/** What a field's name and value say about its place in a message (RFC 9113 §8.2, §8.3); decided once per table entry. */
export const FieldKind = {
  other: 0,
  method: 1,
  scheme: 2,
  authority: 3,
  path: 4,
  protocol: 5,
  status: 6,
  /** The last of the pseudo-header fields. */
  pseudoLast: 6,
  contentLength: 7,
  host: 8,
  /** Malformed by itself: a name in upper case, a control octet, a field for one connection, an unknown pseudo-header. */
  malformed: 9,
} as const;

const NAME = 1;
const VALUE = 2;
const classes = new Uint8Array(256);
for (let code = 0; code < 256; code++) {
  if (/[a-z0-9!#$%&'*+.^_`|~-]/.test(String.fromCharCode(code))) classes[code]! |= NAME;
  // RFC 9113 §8.2.1 demands that NUL, LF and CR are refused; RFC 9110 §5.5 knows no other control octets either.
  if (code === 0x09 || (code >= 0x20 && code !== 0x7f)) classes[code]! |= VALUE;
}

const kinds = new Map<string, number>([
  [":method", FieldKind.method],
  [":scheme", FieldKind.scheme],
  [":authority", FieldKind.authority],
  [":path", FieldKind.path],
  [":protocol", FieldKind.protocol],
  [":status", FieldKind.status],
  ["content-length", FieldKind.contentLength],
  ["host", FieldKind.host],
  // Fields about one connection have no place here (§8.2.2).
  ["connection", FieldKind.malformed],
  ["keep-alive", FieldKind.malformed],
  ["proxy-connection", FieldKind.malformed],
  ["transfer-encoding", FieldKind.malformed],
  ["upgrade", FieldKind.malformed],
]);

/** The kind a name alone has. */
export function kindOfName(name: string): number {
  const known = kinds.get(name);
  if (known !== undefined) return known;
  if (name.length === 0) return FieldKind.malformed;
  for (let index = 0; index < name.length; index++) {
    const code = name.charCodeAt(index);
    if (code > 255 || (classes[code]! & NAME) === 0) return FieldKind.malformed;
  }
  return FieldKind.other;
}

/** True if `value` is one a field may have: no control octets, no space around it. */
export function isFieldValue(value: string): boolean {
  const length = value.length;
  if (length === 0) return true;
  for (let index = 0; index < length; index++) {
    const code = value.charCodeAt(index);
    if (code > 255 || (classes[code]! & VALUE) === 0) return false;
  }
  const first = value.charCodeAt(0);
  const last = value.charCodeAt(length - 1);
  return first !== 0x20 && first !== 0x09 && last !== 0x20 && last !== 0x09;
}

/** The kind of a field whose name has the kind `nameKind`. */
export function kindOfField(nameKind: number, name: string, value: string): number {
  if (!isFieldValue(value)) return FieldKind.malformed;
  // TE may say "trailers" and nothing else (§8.2.2).
  if (nameKind === FieldKind.other && name === "te" && value !== "trailers") return FieldKind.malformed;
  return nameKind;
}
