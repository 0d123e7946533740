/**
 * `incomplete`: more bytes are needed. `absent`: a ClientHello without a server name. `malformed`: no ClientHello.
 * `found`: the name in lower case, without its final dot.
 */
export type ServerName =
  | { readonly kind: "incomplete" }
  | { readonly kind: "absent" }
  | { readonly kind: "malformed" }
  | { readonly kind: "found"; readonly name: string };

const RECORD_HANDSHAKE = 22;
const HANDSHAKE_CLIENT_HELLO = 1;
const EXTENSION_SERVER_NAME = 0;
const NAME_TYPE_HOST = 0;
const RECORD_HEADER_BYTES = 5;
const RECORD_BYTES_MAX = 16_384; // RFC 8446 §5.1
/** Hellos with post-quantum key shares and many extensions take 2 KiB; browsers' largest stay below 4. */
const HELLO_BYTES_MAX = 16_384;
const DNS_NAME_BYTES_MAX = 255;

const incomplete: ServerName = { kind: "incomplete" };
const absent: ServerName = { kind: "absent" };
const malformed: ServerName = { kind: "malformed" };

/**
 * The server name (RFC 6066 §3) in the ClientHello (RFC 8446 §4.1.2) that `bytes` begin with. The hello may be cut
 * into several records, and `bytes` anywhere.
 */
export function readServerName(bytes: Uint8Array): ServerName {
  const hello = handshakeBytes(bytes);
  if (hello === undefined) return malformed;
  if (hello.length < 4) return incomplete;
  if (hello[0] !== HANDSHAKE_CLIENT_HELLO) return malformed;
  const length = (hello[1]! << 16) | (hello[2]! << 8) | hello[3]!;
  if (length > HELLO_BYTES_MAX) return malformed;
  if (hello.length < 4 + length) return incomplete;
  return nameIn(new Fields(hello.subarray(4, 4 + length)));
}

/** Payloads of the leading handshake records, joined; undefined when the bytes are none. */
function handshakeBytes(bytes: Uint8Array): Uint8Array | undefined {
  const parts: Uint8Array[] = [];
  let at = 0;
  let sum = 0;
  while (at < bytes.length && sum < HELLO_BYTES_MAX + 4) {
    if (bytes[at] !== RECORD_HANDSHAKE || (bytes.length > at + 1 && bytes[at + 1] !== 3))
      return at === 0 ? undefined : joined(parts);
    if (bytes.length < at + RECORD_HEADER_BYTES) break;
    const length = (bytes[at + 3]! << 8) | bytes[at + 4]!;
    if (length === 0 || length > RECORD_BYTES_MAX) return undefined;
    const part = bytes.subarray(at + RECORD_HEADER_BYTES, at + RECORD_HEADER_BYTES + length);
    parts.push(part);
    sum += part.length;
    at += RECORD_HEADER_BYTES + length;
  }
  return joined(parts);
}

const joined = (parts: readonly Uint8Array[]): Uint8Array =>
  parts.length === 1 ? parts[0]! : Buffer.concat(parts);

/** Reads TLS' length-prefixed fields; one that does not fit sets `broken` and yields nothing. */
class Fields {
  broken = false;
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get done(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** A big-endian number of `size` bytes. */
  number(size: number): number {
    let value = 0;
    for (const byte of this.bytes(size)) value = value * 256 + byte;
    return value;
  }

  bytes(length: number): Uint8Array {
    if (this.#at + length > this.#bytes.length) {
      this.broken = true;
      this.#at = this.#bytes.length;
      return new Uint8Array(0);
    }
    const bytes = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    return bytes;
  }

  rest(): Uint8Array {
    return this.bytes(this.#bytes.length - this.#at);
  }

  /** A field that begins with its own length of `size` bytes. */
  prefixed(size: number): Fields {
    return new Fields(this.bytes(this.number(size)));
  }
}

function nameIn(hello: Fields): ServerName {
  hello.bytes(2 + 32); // version, random
  hello.prefixed(1); // session id
  hello.prefixed(2); // cipher suites
  hello.prefixed(1); // compression methods
  if (hello.broken) return malformed;
  if (hello.done) return absent;
  const extensions = hello.prefixed(2);
  while (!extensions.done) {
    const type = extensions.number(2);
    const data = extensions.prefixed(2);
    if (extensions.broken) return malformed;
    if (type === EXTENSION_SERVER_NAME) return hostIn(data.prefixed(2));
  }
  return hello.broken ? malformed : absent;
}

function hostIn(list: Fields): ServerName {
  while (!list.done) {
    const type = list.number(1);
    const name = list.prefixed(2);
    if (list.broken) return malformed;
    if (type !== NAME_TYPE_HOST) continue;
    const text = Buffer.from(name.rest()).toString("latin1");
    const isName = text.length > 0 && text.length <= DNS_NAME_BYTES_MAX && /^[A-Za-z0-9._-]+$/.test(text);
    return isName ? { kind: "found", name: text.toLowerCase().replace(/\.$/, "") } : malformed;
  }
  return absent;
}
