/** For tests: frames as an attacker would write them, byte by byte, and the means to send and see them. */
import { addressNumber } from "./subnet.ts";

/** What every frame of a test carries, so that whoever sees one knows it. */
export const MARK = "plinth-frame";

export const macBytes = (mac: string): Buffer => Buffer.from(mac.replaceAll(":", ""), "hex");

function addressBytes(address: string): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(addressNumber(address) ?? 0);
  return bytes;
}

const word = (value: number): Buffer => Buffer.from([value >> 8, value & 255]);

/** RFC 1071. */
function checksum(bytes: Buffer): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += (bytes[at]! << 8) + (bytes[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

export interface Datagram {
  readonly from: string;
  readonly to: string;
  readonly port: number;
  readonly text: string;
  /** IP options, of a length that four divides. */
  readonly options?: Buffer;
  readonly fromPort?: number;
}

/** An IPv4 packet (RFC 791) with a UDP datagram (RFC 768) whose checksum is left out. */
export function datagram({
  from,
  to,
  port,
  text,
  options = Buffer.alloc(0),
  fromPort = 4000,
}: Datagram): Buffer {
  const payload = Buffer.from(`${MARK} ${text}`);
  const udp = Buffer.concat([word(fromPort), word(port), word(8 + payload.length), word(0), payload]);
  const header = Buffer.concat([
    Buffer.from([0x45 + options.length / 4, 0]),
    word(20 + options.length + udp.length),
    Buffer.from([0, 1, 0, 0, 64, 17, 0, 0]),
    addressBytes(from),
    addressBytes(to),
    options,
  ]);
  header.writeUInt16BE(checksum(header), 10);
  return Buffer.concat([header, udp]);
}

export const TYPE = { ip: 0x0800, arp: 0x0806, ip6: 0x86dd, vlan: 0x8100, provider: 0x88a8 } as const;

/** An Ethernet frame; tags stand before the type of what it carries. */
export function frame(
  to: string,
  from: string,
  type: number,
  payload: Buffer,
  ...tags: readonly number[]
): Buffer {
  const tagged = tags.map((tag) => Buffer.concat([word(tag), word(1)]));
  return Buffer.concat([macBytes(to), macBytes(from), ...tagged, word(type), payload]);
}

/** RFC 826, with the mark behind what counts. */
export function arp(
  operation: "request" | "reply",
  sender: readonly [mac: string, address: string],
  target: readonly [mac: string, address: string],
): Buffer {
  return Buffer.concat([
    Buffer.from([0, 1, 8, 0, 6, 4, 0, operation === "request" ? 1 : 2]),
    macBytes(sender[0]),
    addressBytes(sender[1]),
    macBytes(target[0]),
    addressBytes(target[1]),
    Buffer.from(` ${MARK} arp`),
  ]);
}

/** A UDP datagram over IPv6 (RFC 8200) between link-local addresses. */
export function datagram6(to: Buffer, text: string): Buffer {
  const payload = Buffer.from(`${MARK} ${text}`);
  const udp = Buffer.concat([word(4000), word(53), word(8 + payload.length), word(0xffff), payload]);
  const source = Buffer.from("fe80000000000000000000fffe000002", "hex");
  return Buffer.concat([
    Buffer.from([0x60, 0, 0, 0]),
    word(udp.length),
    Buffer.from([17, 64]),
    source,
    to,
    udp,
  ]);
}

/** Python, since no program that every Debian has sends frames: sends each argument as a frame from eth0. */
export const SEND = `
import socket, sys
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind(("eth0", 0))
for text in sys.argv[1:]:
    s.send(bytes.fromhex(text))
`;

/** Prints the text of every marked frame that arrives on eth0, until one says "end". */
export const SEE: string = `
import socket
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.ntohs(3))
s.bind(("eth0", 0))
print("up", flush=True)
while True:
    data, where = s.recvfrom(65536)
    at = data.find(b"${MARK} ")
    if at < 0 or where[2] == 4:
        continue
    text = data[at + ${MARK.length + 1}:].decode("latin1")
    print(text, flush=True)
    if text == "end":
        break
`;
