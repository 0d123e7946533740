/** IP addresses as text, the way Rust's standard library reads and writes them: as 4 or 16 bytes here. */

/** 4 bytes or 16; undefined: it is none. */
export function parseIp(text: string): Uint8Array | undefined {
  const ipv4 = parseIpv4(text);
  return ipv4 === undefined ? parseIpv6(text) : bytesOfIpv4(ipv4);
}

/** Four decimal numbers without leading zeros, as one of 32 bits. */
export function parseIpv4(text: string): number | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (match === null) return undefined;
  let address = 0;
  for (let part = 1; part <= 4; part++) {
    const digits = match[part]!;
    const byte = Number(digits);
    if (byte > 255 || (digits.length > 1 && digits.startsWith("0"))) return undefined;
    address = address * 256 + byte;
  }
  return address;
}

/** The longest text of an address: eight groups, the last two as IPv4. */
const IPV6_LENGTH_MAX = 45;

export function parseIpv6(text: string): Uint8Array | undefined {
  if (text.length > IPV6_LENGTH_MAX) return undefined;
  const gap = text.indexOf("::");
  if (gap === -1) {
    const groups = parseGroups(text, true);
    return groups?.length === 8 ? bytesOfGroups(groups) : undefined;
  }
  const head = parseGroups(text.slice(0, gap), false);
  const tail = parseGroups(text.slice(gap + 2), true);
  if (head === undefined || tail === undefined || head.length + tail.length > 7) return undefined;
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => 0);
  return bytesOfGroups([...head, ...zeros, ...tail]);
}

/** Groups between colons, the last two of which may be an IPv4 address. */
function parseGroups(text: string, mayEndInIpv4: boolean): number[] | undefined {
  if (text === "") return [];
  const groups: number[] = [];
  const parts = text.split(":");
  for (const [index, part] of parts.entries()) {
    if (/^[0-9A-Fa-f]{1,4}$/.test(part)) groups.push(Number.parseInt(part, 16));
    else {
      const ipv4 = mayEndInIpv4 && index === parts.length - 1 ? parseIpv4(part) : undefined;
      if (ipv4 === undefined) return undefined;
      groups.push(ipv4 >>> 16, ipv4 & 0xff_ff);
    }
  }
  return groups;
}

function bytesOfGroups(groups: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(16);
  for (const [index, group] of groups.entries()) {
    bytes[2 * index] = group >>> 8;
    bytes[2 * index + 1] = group & 0xff;
  }
  return bytes;
}

export function bytesOfIpv4(address: number): Uint8Array {
  return Uint8Array.of(address >>> 24, address >>> 16, address >>> 8, address);
}

export function ipText(bytes: Uint8Array): string {
  return bytes.length === 4 ? bytes.join(".") : ipv6Text(bytes);
}

function ipv6Text(bytes: Uint8Array): string {
  if (isIpv4Mapped(bytes)) return `::ffff:${bytes.subarray(12).join(".")}`;
  const groups = Array.from({ length: 8 }, (_, index) => (bytes[2 * index]! << 8) | bytes[2 * index + 1]!);
  const [start, length] = longestZeros(groups);
  const hex = (part: readonly number[]) => part.map((group) => group.toString(16)).join(":");
  if (length < 2) return hex(groups);
  return `${hex(groups.slice(0, start))}::${hex(groups.slice(start + length))}`;
}

/** The first of the longest runs. */
function longestZeros(groups: readonly number[]): readonly [start: number, length: number] {
  let longest: readonly [number, number] = [0, 0];
  let length = 0;
  for (const [index, group] of groups.entries()) {
    length = group === 0 ? length + 1 : 0;
    if (length > longest[1]) longest = [index + 1 - length, length];
  }
  return longest;
}

/** `::ffff:a.b.c.d` */
export function isIpv4Mapped(bytes: Uint8Array): boolean {
  return bytes.length === 16 && bytes[10] === 0xff && bytes[11] === 0xff && isZero(bytes.subarray(0, 10));
}

export function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}

/** The same address of 16 bytes. */
export function mappedToIpv6(bytes: Uint8Array): Uint8Array {
  if (bytes.length === 16) return bytes;
  const mapped = new Uint8Array(16);
  mapped[10] = 0xff;
  mapped[11] = 0xff;
  mapped.set(bytes, 12);
  return mapped;
}
