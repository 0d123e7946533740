import {
  AND,
  INSTRUCTION_BYTES,
  JUMP_ALWAYS,
  JUMP_EQUAL,
  JUMP_GREATER,
  JUMP_GREATER_EQUAL,
  LOAD_WORD,
  RETURN,
} from "./bpf.ts";

/** A call as the kernel shows it to a filter: struct seccomp_data. */
export interface Call {
  readonly number: number;
  readonly audit: number;
  readonly args: readonly bigint[];
}

/** Runs a filter for one call, for tests. Throws on what the kernel would not have loaded. */
export function runFilter(program: Buffer, call: Call): { verdict: number; steps: number } {
  const data = Buffer.alloc(64);
  data.writeUInt32LE(call.number, 0);
  data.writeUInt32LE(call.audit, 4);
  for (const [index, value] of call.args.entries()) data.writeBigUInt64LE(value, 16 + 8 * index);
  let accumulator = 0;
  let steps = 0;
  for (let at = 0; ; at += 1) {
    steps += 1;
    const offset = at * INSTRUCTION_BYTES;
    const code = program.readUInt16LE(offset);
    const ifTrue = program.readUInt8(offset + 2);
    const ifFalse = program.readUInt8(offset + 3);
    const k = program.readUInt32LE(offset + 4);
    switch (code) {
      case LOAD_WORD:
        accumulator = data.readUInt32LE(k);
        break;
      case AND:
        accumulator = (accumulator & k) >>> 0;
        break;
      case JUMP_ALWAYS:
        at += k;
        break;
      case JUMP_EQUAL:
        at += accumulator === k ? ifTrue : ifFalse;
        break;
      case JUMP_GREATER:
        at += accumulator > k ? ifTrue : ifFalse;
        break;
      case JUMP_GREATER_EQUAL:
        at += accumulator >= k ? ifTrue : ifFalse;
        break;
      case RETURN:
        return { verdict: k, steps };
      default:
        throw new Error(`Cannot run a filter: opcode ${code} at ${at}`);
    }
  }
}
