/** Cyclic redundancy checks of any width, by tables of one byte. */
import { crcCatalogue } from "./crc-catalogue.ts";

export type Crc = (bytes: Uint8Array) => bigint;

const prepared = new Map<string, Crc>();

/** Undefined: there is none of this name. */
export function crcOf(name: string): Crc | undefined {
  const known = prepared.get(name);
  if (known !== undefined || !Object.hasOwn(crcCatalogue, name)) return known;
  const [width, polynomial, initial, mirrorsInput, mirrorsOutput, final] = crcCatalogue[name]!;
  const raw =
    width <= 32
      ? narrowCrc(width, Number(polynomial), Number(initial), mirrorsInput)
      : wideCrc(BigInt(width), polynomial, initial, mirrorsInput);
  const crc: Crc = (bytes) => {
    const remainder = raw(bytes);
    return (mirrorsInput === mirrorsOutput ? remainder : mirrored(remainder, width)) ^ final;
  };
  prepared.set(name, crc);
  return crc;
}

/** In 32 bits: mirrored ones at the lower end, others at the upper. */
function narrowCrc(width: number, polynomial: number, initial: number, isMirrored: boolean): Crc {
  const table = new Int32Array(256);
  if (isMirrored) {
    const taps = Number(mirrored(BigInt(polynomial), width));
    for (let byte = 0; byte < 256; byte++) {
      let value = byte;
      for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ taps : value >>> 1;
      table[byte] = value;
    }
    const start = Number(mirrored(BigInt(initial), width));
    return (bytes) => {
      let crc = start;
      for (const byte of bytes) crc = table[(crc ^ byte) & 0xff]! ^ (crc >>> 8);
      return BigInt(crc >>> 0);
    };
  }
  const shift = 32 - width;
  const taps = polynomial << shift;
  for (let byte = 0; byte < 256; byte++) {
    let value = byte << 24;
    for (let bit = 0; bit < 8; bit++) value = value < 0 ? (value << 1) ^ taps : value << 1;
    table[byte] = value;
  }
  return (bytes) => {
    let crc = initial << shift;
    for (const byte of bytes) crc = table[(crc >>> 24) ^ byte]! ^ (crc << 8);
    return BigInt(crc >>> shift);
  };
}

function wideCrc(width: bigint, polynomial: bigint, initial: bigint, isMirrored: boolean): Crc {
  const mask = (1n << width) - 1n;
  const top = 1n << (width - 1n);
  const taps = isMirrored ? mirrored(polynomial, Number(width)) : polynomial;
  const table = Array.from({ length: 256 }, (_, byte) => {
    let value = isMirrored ? BigInt(byte) : BigInt(byte) << (width - 8n);
    for (let bit = 0; bit < 8; bit++) {
      if (isMirrored) value = (value & 1n) === 0n ? value >> 1n : (value >> 1n) ^ taps;
      else value = ((value & top) === 0n ? value << 1n : (value << 1n) ^ taps) & mask;
    }
    return value;
  });
  const start = isMirrored ? mirrored(initial, Number(width)) : initial;
  return (bytes) => {
    let crc = start;
    for (const byte of bytes) {
      crc = isMirrored
        ? table[Number(crc & 0xffn) ^ byte]! ^ (crc >> 8n)
        : table[Number(crc >> (width - 8n)) ^ byte]! ^ ((crc << 8n) & mask);
    }
    return crc;
  };
}

function mirrored(value: bigint, width: number): bigint {
  let mirror = 0n;
  for (let bit = 0n; bit < BigInt(width); bit++) mirror = (mirror << 1n) | ((value >> bit) & 1n);
  return mirror;
}
