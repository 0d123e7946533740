import { Fault } from "@plinth/fault";

/** A home's block of IPv4 addresses: instances in the lower half, virtual addresses in the upper. */
export interface Subnet {
  readonly cidr: string;
  readonly bits: number;
  /** The first address after the network's own; the host has it. */
  readonly gateway: string;
  readonly instances: string;
  readonly virtual: string;
  readonly first: number;
  readonly last: number;
}

/** An IPv4 block as its first and last address. */
export interface Block {
  readonly first: number;
  readonly last: number;
  readonly bits: number;
}

/** Names of ports carry the host part in hexadecimal: three bytes are what fits into the kernel's 15 characters. */
const BITS_LEAST = 8;
/** Two usable addresses in each half. */
const BITS_MOST = 28;

/** The address as a number; undefined when it is no dotted quad. */
export function addressNumber(text: string): number | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  let number = 0;
  for (const part of parts) {
    // No leading zeros: some read them as octal.
    if (!/^(0|[1-9][0-9]{0,2})$/.test(part) || Number(part) > 255) return undefined;
    number = number * 256 + Number(part);
  }
  return number;
}

export function addressText(number: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join(".");
}

/** An address or CIDR block; undefined when it is neither. Host bits are ignored. */
export function parseBlock(text: string): Block | undefined {
  const [address = "", length = "32", ...rest] = text.split("/");
  const number = addressNumber(address);
  if (number === undefined || rest.length > 0 || !/^[0-9]{1,2}$/.test(length)) return undefined;
  const bits = Number(length);
  if (bits > 32) return undefined;
  const size = 2 ** (32 - bits);
  const first = number - (number % size);
  return { first, last: first + size - 1, bits };
}

export function parseSubnet(text: string): Subnet {
  const block = text.includes("/") ? parseBlock(text) : undefined;
  if (block === undefined || block.bits < BITS_LEAST || block.bits > BITS_MOST)
    throw new Fault("invalid", `Cannot use ${JSON.stringify(text)} as a subnet: not between /8 and /28`);
  const { first, last, bits } = block;
  const half = `/${bits + 1}`;
  return {
    cidr: `${addressText(first)}/${bits}`,
    bits,
    gateway: addressText(first + 1),
    instances: `${addressText(first)}${half}`,
    virtual: `${addressText(first + (last + 1 - first) / 2)}${half}`,
    first,
    last,
  };
}

/** Where an address lies; the network's, the host's and the last address are nobody's. */
export function halfOf(subnet: Subnet, address: string): "instances" | "virtual" | undefined {
  const number = addressNumber(address);
  if (number === undefined || number <= subnet.first + 1 || number >= subnet.last) return undefined;
  return number < subnet.first + (subnet.last + 1 - subnet.first) / 2 ? "instances" : "virtual";
}
