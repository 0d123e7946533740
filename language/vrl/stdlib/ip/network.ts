/** Networks like `10.0.0.0/8`. */
import { unsignedOf } from "../number/unsigned.ts";
import { parseIp } from "./address.ts";

export interface Network {
  readonly address: Uint8Array;
  /** Bits of the address that name the network. */
  readonly prefixBits: number;
}

/** A network, or why it is none. */
export function parseNetwork(text: string): Network | string {
  const slash = text.lastIndexOf("/");
  const address = parseIp(slash === -1 ? text : text.slice(0, slash));
  if (address === undefined) return "couldn't parse address in network: invalid IP address syntax";
  const bits = address.length * 8;
  if (slash === -1) return { address, prefixBits: bits };
  const prefixBits = unsignedOf(text.slice(slash + 1), 255n);
  if (typeof prefixBits === "string") return `couldn't parse length in network: ${prefixBits}`;
  if (prefixBits > bits) {
    const family = address.length === 4 ? "Ipv4" : "Ipv6";
    return `invalid length for network: Network length ${prefixBits} is too long for ${family} (maximum: ${bits})`;
  }
  const network = { address, prefixBits: Number(prefixBits) };
  return hasHostPart(network) ? "host part of address was not zero" : network;
}

function hasHostPart({ address, prefixBits }: Network): boolean {
  return address.some((byte, index) => (byte & ~maskOf(index, prefixBits)) !== 0);
}

/** The mask's byte at an index. */
function maskOf(index: number, prefixBits: number): number {
  const bits = Math.min(8, Math.max(0, prefixBits - 8 * index));
  return (0xff << (8 - bits)) & 0xff;
}

export function maskBytes(length: number, prefixBits: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => maskOf(index, prefixBits));
}

export function networkHas({ address, prefixBits }: Network, ip: Uint8Array): boolean {
  if (address.length !== ip.length) return false;
  for (let index = 0; 8 * index < prefixBits; index++) {
    if (((address[index]! ^ ip[index]!) & maskOf(index, prefixBits)) !== 0) return false;
  }
  return true;
}
