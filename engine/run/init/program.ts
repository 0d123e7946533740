import { strict as assert } from "node:assert";
import { constants } from "node:os";
import { Fault } from "@plinth/fault";
import type { Architecture } from "../machine/architecture.ts";
import {
  ARGUMENTS_MAX,
  ERRORS_MAX,
  FAILURE_OFFSET,
  FIRST_OFFSET,
  LENGTH_OFFSET,
  MAGIC,
  OPERATION,
  RECORD,
  RECORD_BYTES,
  REPORT,
  SECTION_BYTES,
  SLOT_BYTES,
  SLOTS_END,
  SLOTS_MAX,
  SLOTS_OFFSET,
  TABLE_ADDRESS,
  TABLE_BYTES_MAX,
} from "./layout.ts";
import { type Argument, Block, Label, Pointer, Rest, Slot, SlotAddress, type Step } from "./step.ts";
import { systemCallNumber } from "./system-calls-data.ts";

/** Steps that belong to one process, and where they go on after an error that none of them expects. */
export interface Section {
  /** Who walks it: "shim", "container". */
  readonly name: string;
  readonly steps: readonly (Step | Label)[];
  readonly failure: Label;
  /** Its steps' words are in the table, too: for who writes down a failure when nobody is there to look them up. */
  readonly carriesWords?: boolean;
}

/** The first section's first step is where the init begins. */
export interface Program {
  readonly sections: readonly Section[];
}

/** All steps in their order, without the labels between them. */
export const stepsOf = (section: Section): Step[] =>
  section.steps.filter((step): step is Step => !(step instanceof Label));

export interface EncodedProgram {
  readonly table: Buffer;
  /** The step whose record lies there, as a report of a failure says it. */
  stepAt(address: number): Step | undefined;
  /** The table's memory may be used for the next one. */
  release(): void;
}

const errnoNumbers: Readonly<Record<string, number>> = constants.errno;

/** Writes the table for a program. Fault `too-large` when it does not fit. */
export function encodeProgram(program: Program, architecture: Architecture): EncodedProgram {
  return new Encoder(program, architecture).encode();
}

const roundUp = (value: number, unit: number): number => Math.ceil(value / unit) * unit;

/** A place in the table that is filled in once all is laid out: it refers to a later section. */
interface Gap {
  readonly offset: number;
  readonly what: Label | Rest;
}

/** Most tables are smaller; what is larger is copied as it grows. */
const FIRST_BYTES = 128 << 10;

/** Of tables that are on their way at the same time. */
const SPARES_MAX = 16;

/** Full of zeros. Memory of its own for each table would cost more than all else here: pages, and their collection. */
const spares: Buffer[] = [];

/** Budget: half a millisecond for a container's 500 steps, so numbers are written as two halves, never as BigInt. */
class Encoder {
  readonly #program: Program;
  readonly #architecture: Architecture;
  readonly #slots: Map<Slot, number> = new Map();
  readonly #labels: Map<Label, number> = new Map();
  /** Where each section's records begin, and its steps. */
  readonly #records: { readonly at: number; readonly steps: readonly Step[] }[] = [];
  readonly #places: Map<string | Buffer | Block, number> = new Map();
  readonly #gaps: Gap[] = [];
  /** All zeros behind #end. */
  #table: Buffer = spares.pop() ?? Buffer.alloc(FIRST_BYTES);
  /** The same memory: what lies at multiples of four is written through it. */
  #words: Uint32Array = wordsOf(this.#table);
  #end = 0;

  constructor(program: Program, architecture: Architecture) {
    this.#program = program;
    this.#architecture = architecture;
  }

  encode(): EncodedProgram {
    this.#reserve(SLOTS_END);
    const first = TABLE_ADDRESS + this.#end;
    let rest = first;
    for (const [index, section] of this.#program.sections.entries()) {
      this.#encodeSection(section);
      this.#reserve(roundUp(this.#end, SECTION_BYTES) - this.#end);
      if (index === 0) rest = TABLE_ADDRESS + this.#end;
    }
    const length = this.#end;
    this.#fill(rest);
    const table = this.#table.subarray(0, length);
    table.writeUInt32LE(MAGIC, 0);
    table.writeUInt32LE(length, LENGTH_OFFSET);
    table.writeUInt32LE(first, FIRST_OFFSET);
    table.writeUInt32LE(REPORT.failed, FAILURE_OFFSET);
    return {
      table,
      stepAt: (address) => this.#stepAt(address - TABLE_ADDRESS),
      release: () => {
        if (spares.length < SPARES_MAX && this.#table.length === FIRST_BYTES)
          spares.push(this.#table.fill(0, 0, length));
      },
    };
  }

  #stepAt(offset: number): Step | undefined {
    for (const { at, steps } of this.#records) {
      const step = steps[(offset - at) / RECORD_BYTES];
      if (step !== undefined) return step;
    }
    return undefined;
  }

  #encodeSection(section: Section): void {
    const ownSteps = stepsOf(section);
    let at = this.#reserve(ownSteps.length * RECORD_BYTES);
    this.#records.push({ at, steps: ownSteps });
    let next = TABLE_ADDRESS + at;
    for (const step of section.steps) {
      if (step instanceof Label) this.#labels.set(step, next);
      else next += RECORD_BYTES;
    }
    for (const step of ownSteps) {
      this.#encodeStep(step, at, section);
      at += RECORD_BYTES;
    }
  }

  /** `at`: where its record begins. */
  #encodeStep(step: Step, at: number, { failure, carriesWords }: Section): void {
    assert(step.arguments.length <= ARGUMENTS_MAX);
    this.#write32(OPERATION[step.operation], at + RECORD.operation);
    if (step.call !== undefined)
      this.#write32(systemCallNumber(step.call, this.#architecture), at + RECORD.number);
    let inSlots = 0;
    for (let index = 0; index < step.arguments.length; index++) {
      const argument = step.arguments[index]!;
      const offset = at + RECORD.arguments + 8 * index;
      if (argument instanceof Rest) this.#gaps.push({ offset, what: argument });
      else this.#write64(this.#value(argument), offset);
      if (argument instanceof Slot) inSlots |= 1 << index;
    }
    this.#write32(inSlots, at + RECORD.slots);
    if (step.keep !== undefined) this.#write32(this.#slot(step.keep), at + RECORD.keep);
    if (step.onZero !== undefined) this.#writeLabel(step.onZero, at + RECORD.onZero);
    this.#writeLabel(step.onError ?? failure, at + RECORD.onError);
    this.#encodeErrors(step, at);
    if (carriesWords !== true) return;
    this.#write32(this.#place(step.words), at + RECORD.words);
    this.#write32(Buffer.byteLength(step.words), at + RECORD.words + 4);
  }

  #encodeErrors({ on, words }: Step, at: number): void {
    let offset = at + RECORD.errors;
    for (const name in on) {
      assert(
        offset < at + RECORD.errors + ERRORS_MAX * 8,
        `"${words}" expects more errors than a record holds`,
      );
      const errno = errnoNumbers[name];
      assert(errno !== undefined, `no such errno: ${name}`);
      this.#write32(errno, offset);
      const target = on[name]!;
      if (target === "next") this.#write32(TABLE_ADDRESS + at + RECORD_BYTES, offset + 4);
      else if (target === "again") this.#write32(TABLE_ADDRESS + at, offset + 4);
      else this.#writeLabel(target, offset + 4);
      offset += 8;
    }
  }

  #writeLabel(label: Label, offset: number): void {
    const target = this.#labels.get(label);
    if (target === undefined) this.#gaps.push({ offset, what: label });
    else this.#write32(target, offset);
  }

  #fill(rest: number): void {
    for (const { offset, what } of this.#gaps) {
      if (what instanceof Rest) {
        this.#write32(what.part === "address" ? rest : TABLE_ADDRESS + this.#end - rest, offset);
        continue;
      }
      const target = this.#labels.get(what);
      assert(target !== undefined, `label ${what.name} is nowhere`);
      this.#write32(target, offset);
    }
  }

  #value(argument: Exclude<Argument, Rest>): number | bigint {
    if (typeof argument === "number" || typeof argument === "bigint") return argument;
    if (argument instanceof Slot) return this.#slot(argument);
    if (argument instanceof SlotAddress) return this.#slot(argument.slot);
    if (argument instanceof Pointer) return this.#pointer(argument);
    return this.#place(argument);
  }

  #pointer({ to, offset }: Pointer): number {
    return offset + (to instanceof SlotAddress ? this.#slot(to.slot) : this.#place(to));
  }

  #slot(slot: Slot): number {
    let address = this.#slots.get(slot);
    if (address === undefined) {
      assert(this.#slots.size < SLOTS_MAX, "a program needs more slots than there are");
      address = TABLE_ADDRESS + SLOTS_OFFSET + this.#slots.size * SLOT_BYTES;
      this.#slots.set(slot, address);
    }
    return address;
  }

  /** Address of something in memory, which it gets on first use: in the section that first refers to it. */
  #place(what: string | Buffer | Block): number {
    const known = this.#places.get(what);
    if (known !== undefined) return known;
    const at = what instanceof Block ? this.#placeBlock(what) : this.#placeBytes(what);
    this.#places.set(what, TABLE_ADDRESS + at);
    return TABLE_ADDRESS + at;
  }

  #placeBytes(what: string | Buffer): number {
    const length = Buffer.byteLength(what);
    const at = this.#reserve(withNul(length));
    if (typeof what === "string") this.#table.write(what, at);
    else what.copy(this.#table, at);
    return at;
  }

  /** What its parts point to comes before it. */
  #placeBlock(block: Block): number {
    const parts = block.parts.map((part) => (part instanceof Pointer ? this.#pointer(part) : part));
    const length = parts.reduce<number>((sum, part) => sum + (Buffer.isBuffer(part) ? part.length : 8), 0);
    const at = this.#reserve(withNul(length));
    let offset = at;
    for (const part of parts) {
      if (Buffer.isBuffer(part)) offset += part.copy(this.#table, offset);
      else {
        // Behind memory of any length, nothing is aligned.
        if (offset % 4 === 0) this.#write64(part, offset);
        else this.#table.writeBigInt64LE(BigInt.asIntN(64, BigInt(part)), offset);
        offset += 8;
      }
    }
    return at;
  }

  /** The next `bytes` of the table, full of zeros. */
  #reserve(bytes: number): number {
    const at = this.#end;
    this.#end += bytes;
    if (this.#end > TABLE_BYTES_MAX)
      throw new Fault("too-large", `Cannot write the init's table: more than ${TABLE_BYTES_MAX} bytes`, {
        hint: "Shorten the command's arguments and environment.",
      });
    if (this.#end > this.#table.length) {
      const larger = Buffer.alloc(Math.max(roundUp(this.#end, SECTION_BYTES), 2 * this.#table.length));
      this.#table.copy(larger);
      this.#table = larger;
      this.#words = wordsOf(larger);
    }
    return at;
  }

  #write32(value: number, offset: number): void {
    this.#words[offset >>> 2] = value;
  }

  #write64(value: number | bigint, offset: number): void {
    if (typeof value === "bigint") {
      this.#table.writeBigInt64LE(BigInt.asIntN(64, value), offset);
      return;
    }
    const low = value >>> 0;
    this.#words[offset >>> 2] = low;
    this.#words[(offset >>> 2) + 1] = (value - low) / 2 ** 32;
  }
}

/** Both architectures of ours have the lowest byte first. */
const wordsOf = (table: Buffer): Uint32Array =>
  new Uint32Array(table.buffer, table.byteOffset, table.length / Uint32Array.BYTES_PER_ELEMENT);

/** At least one NUL behind it, and what is next begins at a multiple of 8. */
const withNul = (length: number): number => length + 8 - (length % 8);
