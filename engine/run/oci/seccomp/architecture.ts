import type { Architecture } from "../../machine/architecture.ts";
import { SYSCALL_TABLE } from "./syscall-table.ts";

/** One calling convention of a machine, as far as a filter has to know it. */
export interface CallingConvention {
  /** Its name in a profile. */
  readonly name: string;
  /** AUDIT_ARCH_* of linux/audit.h; x32 shares x86-64's. */
  readonly audit: number;
  /** Added to each number of its calls. */
  readonly base: number;
  /** Of 32-bit callers only the lower halves of arguments reach the call; the upper may hold anything. */
  readonly argumentBits: 32 | 64;
  /** Column of the table. */
  readonly column: number;
}

/** __X32_SYSCALL_BIT of asm/unistd.h. */
export const X32_BIT = 0x4000_0000;

const X86_64: CallingConvention = {
  name: "SCMP_ARCH_X86_64",
  audit: 0xc000_003e,
  base: 0,
  argumentBits: 64,
  column: 1,
};
const X32: CallingConvention = { ...X86_64, name: "SCMP_ARCH_X32", base: X32_BIT, column: 2 };
const X86: CallingConvention = {
  name: "SCMP_ARCH_X86",
  audit: 0x4000_0003,
  base: 0,
  argumentBits: 32,
  column: 3,
};
const AARCH64: CallingConvention = {
  name: "SCMP_ARCH_AARCH64",
  audit: 0xc000_00b7,
  base: 0,
  argumentBits: 64,
  column: 4,
};
const ARM: CallingConvention = {
  name: "SCMP_ARCH_ARM",
  audit: 0x4000_0028,
  base: 0,
  argumentBits: 32,
  column: 5,
};

/** What a machine can run, its own first. */
export const CONVENTIONS: Readonly<Record<Architecture, readonly CallingConvention[]>> = {
  "x86-64": [X86_64, X32, X86],
  aarch64: [AARCH64, ARM],
};

/** Names a profile may hold; those of other machines have no effect here. */
export const ARCHITECTURE_NAMES: readonly string[] = [
  ...[X86_64, X32, X86, AARCH64, ARM].map(({ name }) => name),
  "SCMP_ARCH_LOONGARCH64",
  "SCMP_ARCH_M68K",
  "SCMP_ARCH_MIPS",
  "SCMP_ARCH_MIPS64",
  "SCMP_ARCH_MIPS64N32",
  "SCMP_ARCH_MIPSEL",
  "SCMP_ARCH_MIPSEL64",
  "SCMP_ARCH_MIPSEL64N32",
  "SCMP_ARCH_PARISC",
  "SCMP_ARCH_PARISC64",
  "SCMP_ARCH_PPC",
  "SCMP_ARCH_PPC64",
  "SCMP_ARCH_PPC64LE",
  "SCMP_ARCH_RISCV64",
  "SCMP_ARCH_S390",
  "SCMP_ARCH_S390X",
  "SCMP_ARCH_SH",
  "SCMP_ARCH_SHEB",
];

const numbers = new Map<number, Map<string, number>>();

/** Numbers of a convention's calls by name, base included. */
export function syscallNumbers(convention: CallingConvention): ReadonlyMap<string, number> {
  let found = numbers.get(convention.column);
  if (found === undefined) {
    found = new Map();
    for (const line of SYSCALL_TABLE.split("\n")) {
      const row = line.split(" ");
      const number = row[convention.column];
      if (number !== undefined && number !== "-") found.set(row[0]!, convention.base + Number(number));
    }
    numbers.set(convention.column, found);
  }
  return found;
}
