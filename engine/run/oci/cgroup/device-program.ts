import type { DeviceRule } from "../config.ts";
import { deviceRules, type FullRule } from "./devices.ts";

/** struct bpf_insn: u8 code, 4 bits source and destination register, s16 offset, s32 immediate. */
const INSTRUCTION_BYTES = 8;

/** Opcodes of eBPF (linux/bpf.h); those on 32 bits. */
const LOAD_WORD = 0x61;
const MOVE_REGISTER = 0xbc;
const MOVE = 0xb4;
const AND = 0x54;
const SHIFT_RIGHT = 0x74;
const JUMP_UNLESS_EQUAL = 0x56;
const JUMP_IF_ANY_BIT = 0x46;
const JUMP = 0x05;
const EXIT = 0x95;

/** Registers: r0 is the answer, r1 points at struct bpf_cgroup_dev_ctx. */
const ANSWER = 0;
const CONTEXT = 1;
const TYPE = 2;
/** The access that no rule has spoken of yet. */
const WANTED = 3;
const MAJOR = 4;
const MINOR = 5;

const TYPES: Readonly<Record<"b" | "c", number>> = { b: 1, c: 2 };
const ACCESS: Readonly<Record<string, number>> = { m: 1, r: 2, w: 4 };
const ACCESS_SHIFT = 16;
const TYPE_MASK = 0xffff;

type Instruction = readonly [
  code: number,
  destination: number,
  source: number,
  offset: number,
  immediate: number,
];

/**
 * The program for BPF_PROG_TYPE_CGROUP_DEVICE that decides as the rules do: from the last rule to the first, each
 * grants, or refuses, what of the access is still open.
 */
export function deviceProgram(rules: readonly DeviceRule[]): Buffer {
  const program: Instruction[] = [
    [LOAD_WORD, TYPE, CONTEXT, 0, 0],
    [MOVE_REGISTER, WANTED, TYPE, 0, 0],
    [AND, TYPE, 0, 0, TYPE_MASK],
    [SHIFT_RIGHT, WANTED, 0, 0, ACCESS_SHIFT],
    [LOAD_WORD, MAJOR, CONTEXT, 4, 0],
    [LOAD_WORD, MINOR, CONTEXT, 8, 0],
  ];
  for (const rule of deviceRules(rules).toReversed()) program.push(...instructionsOf(rule));
  program.push([MOVE, ANSWER, 0, 0, 0], [EXIT, 0, 0, 0, 0]);
  const bytes = Buffer.alloc(program.length * INSTRUCTION_BYTES);
  for (const [index, [code, destination, source, offset, immediate]] of program.entries()) {
    const at = index * INSTRUCTION_BYTES;
    bytes.writeUInt8(code, at);
    bytes.writeUInt8((source << 4) | destination, at + 1);
    bytes.writeInt16LE(offset, at + 2);
    bytes.writeInt32LE(immediate | 0, at + 4);
  }
  return bytes;
}

function instructionsOf({ allow, type, major, minor, access }: FullRule): Instruction[] {
  const bits = access.split("").reduce((sum, letter) => sum | ACCESS[letter]!, 0);
  const verdict = (answer: number): Instruction[] => [
    [MOVE, ANSWER, 0, 0, answer],
    [EXIT, 0, 0, 0, 0],
  ];
  const deed: Instruction[] = allow
    ? [[AND, WANTED, 0, 0, ~bits], [JUMP_UNLESS_EQUAL, WANTED, 0, 2, 0], ...verdict(1)]
    : [[JUMP_IF_ANY_BIT, WANTED, 0, 1, bits], [JUMP, 0, 0, 2, 0], ...verdict(0)];
  const tests: [register: number, value: number][] = [];
  if (type !== "a") tests.push([TYPE, TYPES[type]]);
  if (major !== undefined) tests.push([MAJOR, major]);
  if (minor !== undefined) tests.push([MINOR, minor]);
  // Each leads behind the rule.
  const checks = tests.map(([register, value], index): Instruction => {
    const left = tests.length - index - 1 + deed.length;
    return [JUMP_UNLESS_EQUAL, register, 0, left, value];
  });
  return [...checks, ...deed];
}
