/**
 * Registers as both processors have them. `a0` to `a5` and `number` are where the kernel wants a system call's
 * arguments and number, and do not survive one; the others are kept.
 */
export type Register =
  | "a0"
  | "a1"
  | "a2"
  | "a3"
  | "a4"
  | "a5"
  | "number"
  | "record"
  | "t0"
  | "t1"
  | "t2"
  | "t3"
  | "t4";

/** Unsigned where it matters. */
export type Condition = "equal" | "not-equal" | "below" | "at-least";

export type Width = 1 | 4 | 8;

/** The few instructions the init is made of, on 64-bit registers. Each processor encodes them its own way. */
export interface Assembler {
  label(name: string): void;
  /** to = value; negative ones in two's complement. */
  set(to: Register, value: number | bigint): void;
  move(to: Register, from: Register): void;
  /** to = memory[base + offset], filled up with zeros. `offset` is a multiple of `width`, 0 to 4095. */
  load(to: Register, base: Register, offset: number, width: Width): void;
  store(from: Register, base: Register, offset: number, width: Width): void;
  /** `value` is 0 to 4095. */
  add(to: Register, value: number): void;
  subtract(to: Register, value: number): void;
  addRegister(to: Register, from: Register): void;
  subtractRegister(to: Register, from: Register): void;
  multiply(to: Register, from: Register): void;
  shiftLeft(to: Register, bits: number): void;
  shiftRight(to: Register, bits: number): void;
  /** Goes on at `label` if `left` is so to `right`, a register or 0 to 4095. */
  branch(left: Register, condition: Condition, right: Register | number, label: string): void;
  jump(label: string): void;
  /** The kernel's answer is in `to`. */
  systemCall(to: Register): void;
  /** The machine code, once all is written. Throws on a label that is nowhere. */
  code(): Buffer;
}

/** Largest value that both processors take as part of an instruction. */
export const IMMEDIATE_MAX = 4095;

/** What both assemblers do about labels: remember who refers to them, and fill that in at the end. */
export class Labels {
  readonly #positions: Map<string, number> = new Map();
  readonly #references: { readonly label: string; readonly fill: (position: number) => void }[] = [];

  define(label: string, position: number): void {
    if (this.#positions.has(label)) throw new Error(`label ${label} is there twice`);
    this.#positions.set(label, position);
  }

  refer(label: string, fill: (position: number) => void): void {
    this.#references.push({ label, fill });
  }

  resolve(): void {
    for (const { label, fill } of this.#references) {
      const position = this.#positions.get(label);
      if (position === undefined) throw new Error(`label ${label} is nowhere`);
      fill(position);
    }
  }
}
