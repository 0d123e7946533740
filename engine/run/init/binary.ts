import { Aarch64Assembler } from "../machine/aarch64.ts";
import type { Architecture } from "../machine/architecture.ts";
import { writeElf } from "../machine/elf.ts";
import { X8664Assembler } from "../machine/x86-64.ts";
import { writeInterpreter } from "./interpreter.ts";
import { SCRATCH_BYTES, TABLE_ADDRESS, TABLE_BYTES_MAX } from "./layout.ts";
import { systemCallNumber } from "./system-calls-data.ts";

/** The init as an executable: the same bytes for everything it ever does; what it does is in the table it is handed. */
export function initBinary(architecture: Architecture): Buffer {
  const assembler = architecture === "x86-64" ? new X8664Assembler() : new Aarch64Assembler();
  writeInterpreter(assembler, {
    read: systemCallNumber("read", architecture),
    exitGroup: systemCallNumber("exit_group", architecture),
  });
  const memory = { address: TABLE_ADDRESS, bytes: TABLE_BYTES_MAX + SCRATCH_BYTES };
  return writeElf({ architecture, code: assembler.code(), memory });
}
