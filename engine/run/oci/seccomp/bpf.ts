import { Fault } from "@plinth/fault";

/** Where in a program an instruction stands, counted from its end. */
export type Label = number;

/** Opcodes of classic BPF (linux/bpf_common.h); operand K, accumulator A. */
export const LOAD_WORD = 0x20;
export const JUMP_ALWAYS = 0x05;
export const JUMP_EQUAL = 0x15;
export const JUMP_GREATER = 0x25;
export const JUMP_GREATER_EQUAL = 0x35;
export const AND = 0x54;
export const RETURN = 0x06;

/** The kernel takes no longer program (BPF_MAXINSNS). */
export const INSTRUCTIONS_MAX = 4096;
/** struct sock_filter: u16 code, u8 jump if true, u8 jump if false, u32 k. */
export const INSTRUCTION_BYTES = 8;
/** Conditional jumps hold 8 bits; what is left over is room for the two jumps that lead farther. */
const JUMP_MAX = 250;

interface Instruction {
  readonly code: number;
  readonly ifTrue: number;
  readonly ifFalse: number;
  readonly k: number;
}

/** A program of classic BPF, made from its end: all jumps lead forward, so their targets are there already. */
export class BpfProgram {
  readonly #reversed: Instruction[] = [];
  readonly #returns = new Map<number, Label>();

  /** Loads the word at `offset` of the data into A. */
  load(offset: number, next: Label): Label {
    this.#lead(next);
    return this.#push({ code: LOAD_WORD, ifTrue: 0, ifFalse: 0, k: offset });
  }

  /** Keeps those bits of A that are set in `mask`. */
  and(mask: number, next: Label): Label {
    this.#lead(next);
    return this.#push({ code: AND, ifTrue: 0, ifFalse: 0, k: mask });
  }

  /** Ends the program; one that is near is used again. */
  return(value: number): Label {
    const known = this.#returns.get(value);
    if (known !== undefined && this.#distance(known) <= JUMP_MAX) return known;
    const label = this.#push({ code: RETURN, ifTrue: 0, ifFalse: 0, k: value });
    this.#returns.set(value, label);
    return label;
  }

  /** Compares A with `k`. */
  jump(code: number, k: number, ifTrue: Label, ifFalse: Label): Label {
    const onTrue = this.#near(ifTrue);
    const onFalse = this.#near(ifFalse);
    return this.#push({
      code,
      ifTrue: this.#distance(onTrue),
      ifFalse: this.#distance(onFalse),
      k,
    });
  }

  /** The program as an array of struct sock_filter in the byte order of both machines, the little one. */
  encode(): Buffer {
    const bytes = Buffer.alloc(this.#reversed.length * INSTRUCTION_BYTES);
    let offset = 0;
    for (const { code, ifTrue, ifFalse, k } of this.#reversed.toReversed()) {
      bytes.writeUInt16LE(code, offset);
      bytes.writeUInt8(ifTrue, offset + 2);
      bytes.writeUInt8(ifFalse, offset + 3);
      bytes.writeUInt32LE(k >>> 0, offset + 4);
      offset += INSTRUCTION_BYTES;
    }
    return bytes;
  }

  /** Makes the next instruction, which has no jump of its own, lead to `label`. */
  #lead(label: Label): void {
    const distance = this.#distance(label);
    if (distance > 0) this.#push({ code: JUMP_ALWAYS, ifTrue: 0, ifFalse: 0, k: distance });
  }

  #near(label: Label): Label {
    const distance = this.#distance(label);
    return distance <= JUMP_MAX
      ? label
      : this.#push({ code: JUMP_ALWAYS, ifTrue: 0, ifFalse: 0, k: distance });
  }

  /** From the next instruction made to one that is there, as jumps count: 0 is the one right behind. */
  #distance(label: Label): number {
    return this.#reversed.length - label - 1;
  }

  #push(instruction: Instruction): Label {
    if (this.#reversed.length === INSTRUCTIONS_MAX)
      throw new Fault(
        "too-large",
        `Cannot compile a seccomp profile: it needs more than the ${INSTRUCTIONS_MAX} instructions the kernel takes`,
      );
    return this.#reversed.push(instruction) - 1;
  }
}
