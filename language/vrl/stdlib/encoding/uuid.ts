import { base16Text } from "./base16.ts";

/** 16 bytes in the groups of RFC 9562. */
export function uuidText(bytes: Uint8Array): string {
  const digits = base16Text(bytes);
  return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-${digits.slice(12, 16)}-${digits.slice(16, 20)}-${digits.slice(20)}`;
}

/** The same 16 random bytes with the bits that tell the version. */
export function markVersion(bytes: Uint8Array, version: number): Uint8Array {
  bytes[6] = (bytes[6]! & 0x0f) | (version << 4);
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return bytes;
}
