import type { Architecture } from "./architecture.ts";

/** e_machine of the ELF specification. */
const machines: Record<Architecture, number> = { "x86-64": 62, aarch64: 183 };

const HEADER_BYTES = 64;
const PROGRAM_HEADER_BYTES = 56;
const PROGRAM_HEADERS = 3;
/** Code begins behind the headers, in the same segment. */
const CODE_OFFSET: number = HEADER_BYTES + PROGRAM_HEADERS * PROGRAM_HEADER_BYTES;
/** The largest page an aarch64 kernel may have; x86-64 has smaller ones. */
const ALIGNMENT = 0x10000;
const TEXT_ADDRESS = 0x400000;

const PT_LOAD = 1;
const PT_GNU_STACK = 0x6474e551;
const EXECUTE = 1;
const WRITE = 2;
const READ = 4;

export interface Executable {
  readonly architecture: Architecture;
  /** Begins with the entry point; may not depend on where it lies. */
  readonly code: Buffer;
  /** Memory full of zeros that the program may write to. */
  readonly memory: { readonly address: number; readonly bytes: number };
}

/**
 * A static ELF64 executable: a segment with the code, readable and executable; one with memory, readable and
 * writable; a stack that is not executable. There are no sections and no constants outside of the code.
 */
export function writeElf({ architecture, code, memory }: Executable): Buffer {
  const file = Buffer.alloc(CODE_OFFSET + code.length);
  file.write("\x7fELF", 0, "latin1");
  file.set([2, 1, 1], 4); // 64 bits, little-endian, version
  file.writeUInt16LE(2, 16); // executable at fixed addresses
  file.writeUInt16LE(machines[architecture], 18);
  file.writeUInt32LE(1, 20);
  file.writeBigUInt64LE(BigInt(TEXT_ADDRESS + CODE_OFFSET), 24);
  file.writeBigUInt64LE(BigInt(HEADER_BYTES), 32);
  file.writeUInt16LE(HEADER_BYTES, 52);
  file.writeUInt16LE(PROGRAM_HEADER_BYTES, 54);
  file.writeUInt16LE(PROGRAM_HEADERS, 56);
  file.writeUInt16LE(64, 58); // size of a section header, of which there are none
  const segments = [
    { type: PT_LOAD, flags: READ | EXECUTE, address: TEXT_ADDRESS, inFile: file.length, bytes: file.length },
    { type: PT_LOAD, flags: READ | WRITE, address: memory.address, inFile: 0, bytes: memory.bytes },
    { type: PT_GNU_STACK, flags: READ | WRITE, address: 0, inFile: 0, bytes: 0 },
  ];
  for (const [index, { type, flags, address, inFile, bytes }] of segments.entries()) {
    const at = HEADER_BYTES + index * PROGRAM_HEADER_BYTES;
    file.writeUInt32LE(type, at);
    file.writeUInt32LE(flags, at + 4);
    file.writeBigUInt64LE(BigInt(address), at + 16);
    file.writeBigUInt64LE(BigInt(address), at + 24);
    file.writeBigUInt64LE(BigInt(inFile), at + 32);
    file.writeBigUInt64LE(BigInt(bytes), at + 40);
    file.writeBigUInt64LE(BigInt(type === PT_LOAD ? ALIGNMENT : 16), at + 48);
  }
  code.copy(file, CODE_OFFSET);
  return file;
}
