import { type Assembler, type Condition, Labels, type Register, type Width } from "./assembler.ts";

/** Register numbers of the Intel manual; the kernel's calling convention for a0 to a5. It destroys rcx and r11. */
const registers: Record<Register, number> = {
  a0: 7, // rdi
  a1: 6, // rsi
  a2: 2, // rdx
  a3: 10,
  a4: 8,
  a5: 9,
  number: 0, // rax, where the answer comes, too
  record: 3, // rbx
  t0: 12,
  t1: 13,
  t2: 14,
  t3: 15,
  t4: 5, // rbp
};

/** Second byte of the conditional jumps with 32-bit distance. */
const jumps: Record<Condition, number> = { equal: 0x84, "not-equal": 0x85, below: 0x82, "at-least": 0x83 };

/** Group 1 of the instructions with an immediate (opcode 81), by the digit in their second byte. */
const ADD = 0;
const SUBTRACT = 5;
const COMPARE = 7;
/** Group 2, the shifts (opcode C1). */
const SHIFT_LEFT = 4;
const SHIFT_RIGHT = 5;

/** Encodes for x86-64. Distances are always written in 32 bits: the code is too small for shorter ones to matter. */
export class X8664Assembler implements Assembler {
  readonly #bytes: number[] = [];
  readonly #labels: Labels = new Labels();

  label(name: string): void {
    this.#labels.define(name, this.#bytes.length);
  }

  set(to: Register, value: number | bigint): void {
    const wanted = BigInt.asUintN(64, BigInt(value));
    const number = registers[to];
    const opcode = 0xb8 + (number & 7);
    // The short form clears the upper half.
    if (wanted < 1n << 32n) this.#bytes.push(rex(false, 0, number), opcode, ...little(wanted, 4));
    else this.#bytes.push(rex(true, 0, number), opcode, ...little(wanted, 8));
  }

  move(to: Register, from: Register): void {
    this.#registers([0x89], to, from);
  }

  load(to: Register, base: Register, offset: number, width: Width): void {
    this.#memory(width === 1 ? [0x0f, 0xb6] : [0x8b], width === 8, to, base, offset);
  }

  store(from: Register, base: Register, offset: number, width: Width): void {
    this.#memory(width === 1 ? [0x88] : [0x89], width === 8, from, base, offset);
  }

  add(to: Register, value: number): void {
    this.#immediate(ADD, to, value);
  }

  subtract(to: Register, value: number): void {
    this.#immediate(SUBTRACT, to, value);
  }

  addRegister(to: Register, from: Register): void {
    this.#registers([0x01], to, from);
  }

  subtractRegister(to: Register, from: Register): void {
    this.#registers([0x29], to, from);
  }

  multiply(to: Register, from: Register): void {
    // The one instruction here whose target is the "reg" field.
    this.#registers([0x0f, 0xaf], from, to);
  }

  shiftLeft(to: Register, bits: number): void {
    this.#shift(SHIFT_LEFT, to, bits);
  }

  shiftRight(to: Register, bits: number): void {
    this.#shift(SHIFT_RIGHT, to, bits);
  }

  branch(left: Register, condition: Condition, right: Register | number, label: string): void {
    if (typeof right === "number") this.#immediate(COMPARE, left, right);
    else this.#registers([0x39], left, right);
    this.#bytes.push(0x0f, jumps[condition]);
    this.#distance(label);
  }

  jump(label: string): void {
    this.#bytes.push(0xe9);
    this.#distance(label);
  }

  systemCall(to: Register): void {
    this.#bytes.push(0x0f, 0x05);
    this.move(to, "number");
  }

  code(): Buffer {
    this.#labels.resolve();
    return Buffer.from(this.#bytes);
  }

  /** `target` is in the "r/m" field, `other` in "reg". */
  #registers(opcode: readonly number[], target: Register, other: Register): void {
    const rm = registers[target];
    const reg = registers[other];
    this.#bytes.push(rex(true, reg, rm), ...opcode, 0xc0 | ((reg & 7) << 3) | (rm & 7));
  }

  #memory(
    opcode: readonly number[],
    wide: boolean,
    register: Register,
    base: Register,
    offset: number,
  ): void {
    const reg = registers[register];
    const rm = registers[base];
    this.#bytes.push(rex(wide, reg, rm), ...opcode, 0x80 | ((reg & 7) << 3) | (rm & 7));
    if ((rm & 7) === 4) this.#bytes.push(0x24); // r12 as a base needs a byte more
    this.#bytes.push(...little(BigInt(offset), 4));
  }

  #immediate(digit: number, to: Register, value: number): void {
    const rm = registers[to];
    this.#bytes.push(rex(true, 0, rm), 0x81, 0xc0 | (digit << 3) | (rm & 7), ...little(BigInt(value), 4));
  }

  #shift(digit: number, to: Register, bits: number): void {
    const rm = registers[to];
    this.#bytes.push(rex(true, 0, rm), 0xc1, 0xc0 | (digit << 3) | (rm & 7), bits);
  }

  /** Four bytes: from behind them to the label. */
  #distance(label: string): void {
    const at = this.#bytes.length;
    this.#bytes.push(0, 0, 0, 0);
    this.#labels.refer(label, (position) => {
      this.#bytes.splice(at, 4, ...little(BigInt(position - at - 4), 4));
    });
  }
}

/** The prefix with the upper bits of both register numbers; always written, so that `dil` is never `bh`. */
const rex = (wide: boolean, reg: number, rm: number): number =>
  0x40 | (wide ? 8 : 0) | (reg > 7 ? 4 : 0) | (rm > 7 ? 1 : 0);

function little(value: bigint, bytes: number): number[] {
  return Array.from({ length: bytes }, (_, at) => Number((value >> BigInt(8 * at)) & 0xffn));
}
