import type { Operation } from "./layout.ts";
import type { SystemCallName } from "./system-calls-data.ts";

/** A place that keeps one step's result for others: a descriptor, a pid. 64 bits, zero at first. */
export class Slot {
  readonly kind = "slot";
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  /** For system calls that write to memory, such as wait4. */
  get address(): SlotAddress {
    return new SlotAddress(this);
  }
}

export class SlotAddress {
  readonly slot: Slot;

  constructor(slot: Slot) {
    this.slot = slot;
  }
}

/** A place in a program that steps can go on at. */
export class Label {
  readonly kind = "label";
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/** Memory of several parts, for the kernel's structures that hold pointers. Numbers take 64 bits. */
export class Block {
  readonly parts: readonly (number | bigint | Buffer | Pointer)[];

  constructor(parts: readonly (number | bigint | Buffer | Pointer)[]) {
    this.parts = parts;
  }
}

/** An address: `offset` bytes behind where `to` begins. */
export class Pointer {
  readonly to: string | Buffer | Block | SlotAddress;
  readonly offset: number;

  constructor(to: string | Buffer | Block | SlotAddress, offset = 0) {
    this.to = to;
    this.offset = offset;
  }
}

/** Where the sections behind a program's first begin, or how many bytes they take: for who does not walk them. */
export class Rest {
  readonly part: "address" | "bytes";

  constructor(part: "address" | "bytes") {
    this.part = part;
  }
}

/**
 * What a step hands to the kernel: a number, the value of a slot, or the address of something. Text ends with a NUL,
 * and one text is there once however often it is used. One Buffer or Block object is one place in memory: what a step
 * writes to it, later steps read. Buffers have a NUL behind them.
 */
export type Argument = number | bigint | Slot | SlotAddress | string | Buffer | Block | Pointer | Rest;

export type ErrnoName = string;

/** One record of the table: one system call, or one of the few deeds between them. */
export interface Step {
  readonly operation: Operation;
  /** Of the operation `call`. */
  readonly call: SystemCallName | undefined;
  readonly arguments: readonly Argument[];
  readonly keep: Slot | undefined;
  /** Where to go on after a result of zero. Default: the next step. */
  readonly onZero: Label | undefined;
  /**
   * Where to go on after these errors, at most four; "again" is this step. Others, and those of steps without any, end
   * the program.
   */
  readonly on: Readonly<Record<ErrnoName, Label | "next" | "again">>;
  /** Where to go on after all other errors. Default: the section's. */
  readonly onError: Label | undefined;
  /** What it does, without a full stop: "mount proc on /proc". `explain` and error messages say it. */
  readonly words: string;
}

export type StepOptions = Partial<Pick<Step, "keep" | "onZero" | "on" | "onError">>;

function step(
  words: string,
  parts: Pick<Step, "operation" | "call" | "arguments">,
  options: StepOptions,
): Step {
  return {
    ...parts,
    words,
    keep: options.keep,
    onZero: options.onZero,
    on: options.on ?? {},
    onError: options.onError,
  };
}

/** Makes a system call. */
export const call = (
  words: string,
  name: SystemCallName,
  parameters: readonly Argument[],
  options: StepOptions = {},
): Step => step(words, { operation: "call", call: name, arguments: parameters }, options);

const deed = (
  operation: Operation,
  words: string,
  parameters: readonly Argument[],
  options: StepOptions,
): Step => step(words, { operation, call: undefined, arguments: parameters }, options);

/** Fails with an errno, given as its number. */
export const fail = (words: string, errno: Argument, options: StepOptions = {}): Step =>
  deed("fail", words, [errno], options);

export const goTo = (words: string, label: Label): Step => deed("value", words, [0], { onZero: label });

export const copy = (words: string, from: Argument, to: Slot): Step =>
  deed("value", words, [from], { keep: to });

/** Goes on at `label` if two values are equal. */
export const goToIfEqual = (words: string, left: Argument, right: Argument, label: Label): Step =>
  deed("difference", words, [left, right], { onZero: label });

export const difference = (words: string, left: Argument, right: Argument, to: Slot): Step =>
  deed("difference", words, [left, right], { keep: to });

export const loadByte = (words: string, from: Argument, to: Slot): Step =>
  deed("loadByte", words, [from], { keep: to });

export const loadWord = (words: string, from: Argument, to: Slot): Step =>
  deed("loadWord", words, [from], { keep: to });

export const storeWord = (words: string, value: Argument, to: Argument): Step =>
  deed("storeWord", words, [to, value], {});

/** Writes a number in decimal to memory; `length` keeps how many digits. */
export const decimal = (words: string, value: Argument, to: Argument, length?: Slot): Step =>
  deed("decimal", words, [value, to], length === undefined ? {} : { keep: length });

export const exitCode = (words: string, status: Argument, to: Slot): Step =>
  deed("exitCode", words, [status], { keep: to });

/** Takes the decimal number at an address and the character behind it; `end` keeps where that ends. */
export const number = (words: string, from: Argument, to: Slot, end: Slot): Step =>
  deed("number", words, [from, end.address], { keep: to });

/** Steps whose failure nothing stops at: what follows the first that fails is left out. */
export function inAnyCase(steps: readonly (Step | Label)[]): (Step | Label)[] {
  const over = new Label("over");
  return [
    ...steps.map((each) => (each instanceof Label || each.onError ? each : { ...each, onError: over })),
    over,
  ];
}
/** Reads another table over the report's socket, in place of the one this step is in, and begins it. */
export const begin = (words: string): Step => deed("begin", words, [], {});
