/** IPCrypt (https://ipcrypt-std.github.io): addresses encrypted to addresses. `key` is 16 bytes, or 32 for prefixes. */
import { unsafe } from "@noble/ciphers/aes.js";
import { Failure } from "../../runtime/failure.ts";
import { bytesOf, lossyText, type Text } from "../../runtime/text.ts";
import { ipText, isIpv4Mapped, mappedToIpv6, parseIp } from "../ip/address.ts";
import type { Direction } from "./ciphers.ts";

const ADDRESS_BITS = 128;
/** Of an IPv4 address the mapping's prefix stays. */
const IPV4_PREFIX_BITS = 96;

export function runIpcrypt(direction: Direction, ip: Text, key: Text, mode: Text): string | Failure {
  const address = parseIp(lossyText(ip));
  if (address === undefined) return new Failure("unable to parse IP address: invalid IP address syntax");
  const name = lossyText(mode);
  if (name !== "aes128" && name !== "pfx")
    return new Failure(`Invalid mode '${name}'. Must be 'aes128' or 'pfx'`);
  const bytes = bytesOf(key);
  const keyBytes = name === "aes128" ? 16 : 32;
  if (bytes.length !== keyBytes) {
    const family = address.length === 4 ? "IPv4" : "IPv6";
    return new Failure(`${name} mode requires a ${keyBytes}-byte key for ${family}`);
  }
  const whole = Uint8Array.from(mappedToIpv6(address));
  if (name === "aes128") return addressText(runBlock(direction, bytes, whole));
  if (bytes.every((byte, index) => index >= 16 || byte === bytes[index + 16]))
    return new Failure("pfx mode requires a key of two different halves");
  return addressText(runPrefixes(direction, bytes, whole, address.length === 4 ? IPV4_PREFIX_BITS : 0));
}

function addressText(bytes: Uint8Array): string {
  return ipText(isIpv4Mapped(bytes) ? bytes.subarray(12) : bytes);
}

function runBlock(direction: Direction, key: Uint8Array, block: Uint8Array): Uint8Array {
  return direction === "encrypt"
    ? unsafe.encryptBlock(unsafe.expandKeyLE(key), block)
    : unsafe.decryptBlock(unsafe.expandKeyDecLE(key), block);
}

/** Each bit is changed, or not, by what two ciphers say of the bits before it. */
function runPrefixes(direction: Direction, key: Uint8Array, input: Uint8Array, start: number): Uint8Array {
  const first = unsafe.expandKeyLE(key.slice(0, 16));
  const second = unsafe.expandKeyLE(key.slice(16));
  const output = new Uint8Array(16);
  output.set(input.subarray(0, start / 8));
  // The prefix, after a bit that shows where it begins.
  let prefix = 1n;
  for (const byte of input.subarray(0, start / 8)) prefix = (prefix << 8n) | BigInt(byte);
  for (let bit = start; bit < ADDRESS_BITS; bit++) {
    const cipherBit = lastBit(first, prefix) ^ lastBit(second, prefix);
    const inputBit = (input[bit >> 3]! >> (7 - (bit & 7))) & 1;
    const outputBit = inputBit ^ cipherBit;
    output[bit >> 3]! |= outputBit << (7 - (bit & 7));
    prefix = (prefix << 1n) | BigInt(direction === "encrypt" ? inputBit : outputBit);
  }
  return output;
}

function lastBit(expandedKey: Uint32Array, prefix: bigint): number {
  const block = new Uint8Array(16);
  const view = new DataView(block.buffer);
  view.setBigUint64(0, BigInt.asUintN(64, prefix >> 64n));
  view.setBigUint64(8, BigInt.asUintN(64, prefix));
  return unsafe.encryptBlock(expandedKey, block)[15]! & 1;
}
