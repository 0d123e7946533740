import {
  type Assembler,
  type Condition,
  IMMEDIATE_MAX,
  Labels,
  type Register,
  type Width,
} from "./assembler.ts";

/** The kernel's calling convention for a0 to a5 and number; the others are kept over calls. */
const registers: Record<Register, number> = {
  a0: 0, // where the answer comes, too
  a1: 1,
  a2: 2,
  a3: 3,
  a4: 4,
  a5: 5,
  number: 8,
  record: 19,
  t0: 20,
  t1: 21,
  t2: 22,
  t3: 23,
  t4: 24,
};

const ZERO = 31;

const conditions: Record<Condition, number> = { equal: 0, "not-equal": 1, "at-least": 2, below: 3 };

const loads: Record<Width, number> = { 1: 0x39400000, 4: 0xb9400000, 8: 0xf9400000 };
const stores: Record<Width, number> = { 1: 0x39000000, 4: 0xb9000000, 8: 0xf9000000 };

/** Encodes for aarch64 (A64 of the Arm manual): one 32-bit word per instruction. */
export class Aarch64Assembler implements Assembler {
  readonly #words: number[] = [];
  readonly #labels: Labels = new Labels();

  label(name: string): void {
    this.#labels.define(name, this.#words.length);
  }

  set(to: Register, value: number | bigint): void {
    const wanted = BigInt.asUintN(64, BigInt(value));
    const halves = [0, 1, 2, 3].map((at) => Number((wanted >> BigInt(16 * at)) & 0xffffn));
    this.#word(0xd2800000, (halves[0]! << 5) | registers[to]); // movz
    for (const [at, half] of halves.entries()) {
      if (at > 0 && half !== 0) this.#word(0xf2800000, (at << 21) | (half << 5) | registers[to]); // movk
    }
  }

  move(to: Register, from: Register): void {
    this.#three(0xaa000000, registers[to], ZERO, registers[from]); // orr with zero
  }

  load(to: Register, base: Register, offset: number, width: Width): void {
    this.#word(loads[width], ((offset / width) << 10) | (registers[base] << 5) | registers[to]);
  }

  store(from: Register, base: Register, offset: number, width: Width): void {
    this.#word(stores[width], ((offset / width) << 10) | (registers[base] << 5) | registers[from]);
  }

  add(to: Register, value: number): void {
    this.#immediate(0x91000000, registers[to], registers[to], value);
  }

  subtract(to: Register, value: number): void {
    this.#immediate(0xd1000000, registers[to], registers[to], value);
  }

  addRegister(to: Register, from: Register): void {
    this.#three(0x8b000000, registers[to], registers[to], registers[from]);
  }

  subtractRegister(to: Register, from: Register): void {
    this.#three(0xcb000000, registers[to], registers[to], registers[from]);
  }

  multiply(to: Register, from: Register): void {
    this.#three(0x9b007c00, registers[to], registers[to], registers[from]);
  }

  shiftLeft(to: Register, bits: number): void {
    this.#bitfield(to, 64 - bits, 63 - bits);
  }

  shiftRight(to: Register, bits: number): void {
    this.#bitfield(to, bits, 63);
  }

  branch(left: Register, condition: Condition, right: Register | number, label: string): void {
    // Comparing is subtracting without keeping the difference.
    if (typeof right === "number") this.#immediate(0xf1000000, ZERO, registers[left], right);
    else this.#three(0xeb000000, ZERO, registers[left], registers[right]);
    const at = this.#words.length;
    this.#word(0x54000000, conditions[condition]);
    this.#labels.refer(label, (position) => {
      this.#words[at] = this.#words[at]! | (((position - at) & 0x7ffff) << 5);
    });
  }

  jump(label: string): void {
    const at = this.#words.length;
    this.#word(0x14000000, 0);
    this.#labels.refer(label, (position) => {
      this.#words[at] = this.#words[at]! | ((position - at) & 0x3ffffff);
    });
  }

  systemCall(to: Register): void {
    this.#word(0xd4000001, 0);
    this.move(to, "a0");
  }

  code(): Buffer {
    this.#labels.resolve();
    const code = Buffer.alloc(this.#words.length * 4);
    for (const [at, word] of this.#words.entries()) code.writeUInt32LE(word >>> 0, at * 4);
    return code;
  }

  #word(opcode: number, operands: number): void {
    this.#words.push((opcode | operands) >>> 0);
  }

  #three(opcode: number, to: number, left: number, right: number): void {
    this.#word(opcode, (right << 16) | (left << 5) | to);
  }

  #immediate(opcode: number, to: number, left: number, value: number): void {
    if (value > IMMEDIATE_MAX) throw new Error(`${value} does not fit into an instruction`);
    this.#word(opcode, (value << 10) | (left << 5) | to);
  }

  #bitfield(to: Register, rotate: number, last: number): void {
    this.#word(0xd3400000, (rotate << 16) | (last << 10) | (registers[to] << 5) | registers[to]);
  }
}
