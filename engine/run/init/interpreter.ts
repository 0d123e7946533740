import type { Assembler, Register } from "../machine/assembler.ts";
import {
  ARGUMENTS_MAX,
  ERRORS_MAX,
  FAILED_ERRNO_OFFSET,
  FAILED_RECORD_OFFSET,
  FAILED_WORDS_OFFSET,
  FIRST_OFFSET,
  LENGTH_OFFSET,
  MAGIC,
  NO_TABLE_CODE,
  OPERATION,
  RECORD,
  RECORD_BYTES,
  REPORT_FD,
  TABLE_ADDRESS,
  TABLE_BYTES_MAX,
} from "./layout.ts";

const argumentRegisters: readonly Register[] = ["a0", "a1", "a2", "a3", "a4", "a5"];

/** Numbers of the two calls that the interpreter makes by itself. */
export interface OwnCalls {
  readonly read: number;
  readonly exitGroup: number;
}

/**
 * The init's whole code: reads the table, then walks its records. It decides nothing itself. A child that a record
 * makes goes on at the same record in its own copy of the table.
 */
export function writeInterpreter(to: Assembler, calls: OwnCalls): void {
  writeReadTable(to, calls);
  to.label("step");
  writeArguments(to);
  writeDispatch(to);
  writeCall(to);
  writeMemory(to);
  writeDecimal(to);
  writeExitCode(to);
  writeNumber(to);
  writeResult(to);
}

/** t0: address behind what has been read. Whoever hands over the table sends nothing behind it before it is asked. */
function writeReadTable(to: Assembler, { read, exitGroup }: OwnCalls): void {
  to.label("begin");
  to.set("t0", TABLE_ADDRESS);
  to.label("read");
  to.set("a0", REPORT_FD);
  to.move("a1", "t0");
  to.set("a2", TABLE_ADDRESS + TABLE_BYTES_MAX);
  to.subtractRegister("a2", "t0");
  to.set("number", read);
  to.systemCall("t1");
  // Neither the end nor an error is a table: as unsigned numbers, errors are larger than any length.
  to.branch("t1", "equal", 0, "refuse");
  to.set("t2", TABLE_BYTES_MAX + 1);
  to.branch("t1", "at-least", "t2", "refuse");
  to.addRegister("t0", "t1");
  to.move("t1", "t0");
  to.set("t4", TABLE_ADDRESS);
  to.subtractRegister("t1", "t4");
  to.branch("t1", "below", FIRST_OFFSET + 8, "read");
  to.load("t2", "t4", LENGTH_OFFSET, 8);
  to.branch("t1", "below", "t2", "read");
  to.load("t2", "t4", 0, 4);
  to.set("t3", MAGIC);
  to.branch("t2", "not-equal", "t3", "refuse");
  to.load("record", "t4", FIRST_OFFSET, 8);
  to.jump("step");
  to.label("refuse");
  to.set("a0", NO_TABLE_CODE);
  to.set("number", exitGroup);
  to.systemCall("t1");
}

/** Arguments from the record or from slots. t0: one bit for each that is in a slot. */
function writeArguments(to: Assembler): void {
  to.load("t0", "record", RECORD.slots, 4);
  for (const [index, register] of argumentRegisters.slice(0, ARGUMENTS_MAX).entries()) {
    to.load(register, "record", RECORD.arguments + 8 * index, 8);
    to.move("t1", "t0");
    to.shiftLeft("t1", 63);
    to.branch("t1", "equal", 0, `argument-${index}-is-there`);
    to.load(register, register, 0, 8);
    to.label(`argument-${index}-is-there`);
    to.shiftRight("t0", 1);
  }
}

function writeDispatch(to: Assembler): void {
  to.load("t0", "record", RECORD.operation, 4);
  to.branch("t0", "equal", OPERATION.call, "call");
  to.branch("t0", "equal", OPERATION.difference, "difference");
  to.branch("t0", "equal", OPERATION.loadByte, "load-byte");
  to.branch("t0", "equal", OPERATION.loadWord, "load-word");
  to.branch("t0", "equal", OPERATION.storeWord, "store-word");
  to.branch("t0", "equal", OPERATION.decimal, "decimal");
  to.branch("t0", "equal", OPERATION.exitCode, "exit-code");
  to.branch("t0", "equal", OPERATION.number, "number");
  to.branch("t0", "equal", OPERATION.begin, "begin");
  to.move("t1", "a0");
  to.branch("t0", "equal", OPERATION.value, "result");
  // fail
  to.set("t1", 0);
  to.subtractRegister("t1", "a0");
  to.jump("answer");
}

function writeCall(to: Assembler): void {
  to.label("call");
  to.load("number", "record", RECORD.number, 4);
  to.systemCall("t1");
  to.label("answer");
  to.set("t0", -4095);
  to.branch("t1", "below", "t0", "result");

  // t2: errno. What the record says about it, else the failure is noted and its handler is next.
  to.set("t2", 0);
  to.subtractRegister("t2", "t1");
  for (let index = 0; index < ERRORS_MAX; index++) {
    to.load("t0", "record", RECORD.errors + 8 * index, 4);
    to.branch("t0", "not-equal", "t2", `not-error-${index}`);
    to.load("t3", "record", RECORD.errors + 8 * index + 4, 4);
    to.jump("keep");
    to.label(`not-error-${index}`);
  }
  to.set("t0", TABLE_ADDRESS);
  to.store("record", "t0", FAILED_RECORD_OFFSET, 4);
  to.store("t2", "t0", FAILED_ERRNO_OFFSET, 4);
  to.load("t1", "record", RECORD.words, 8);
  to.store("t1", "t0", FAILED_WORDS_OFFSET, 8);
  to.load("t3", "record", RECORD.onError, 4);
  to.jump("keep");
}

function writeMemory(to: Assembler): void {
  to.label("difference");
  to.move("t1", "a0");
  to.subtractRegister("t1", "a1");
  to.jump("result");
  to.label("load-byte");
  to.load("t1", "a0", 0, 1);
  to.jump("result");
  to.label("load-word");
  to.load("t1", "a0", 0, 4);
  to.jump("result");
  to.label("store-word");
  to.store("a1", "a0", 0, 4);
  to.move("t1", "a1");
  to.jump("result");
}

/** Counts the digits, then writes them from the last to the first. t0: what is left; t1: digits; t3: where. */
function writeDecimal(to: Assembler): void {
  to.label("decimal");
  to.set("t1", 0);
  to.move("t0", "a0");
  to.label("digit");
  to.add("t1", 1);
  writeTenth(to, "t0");
  to.branch("t0", "not-equal", 0, "digit");
  to.move("t3", "a1");
  to.addRegister("t3", "t1");
  to.set("t0", 0);
  to.store("t0", "t3", 0, 1);
  to.label("write-digit");
  to.subtract("t3", 1);
  to.move("t0", "a0");
  writeTenth(to, "a0");
  to.move("t2", "a0");
  to.set("t4", 10);
  to.multiply("t2", "t4");
  to.subtractRegister("t0", "t2");
  to.add("t0", 48); // "0"
  to.store("t0", "t3", 0, 1);
  to.branch("a1", "below", "t3", "write-digit");
  to.jump("result");
}

/** A number below 2^32 divided by ten: multiplied by 2^35 / 10, rounded up, and shifted back. Uses t4. */
function writeTenth(to: Assembler, register: Register): void {
  to.set("t4", 0xcccccccd);
  to.multiply(register, "t4");
  to.shiftRight(register, 35);
}

/** A wait status is a signal in its lower 7 bits, or zero there and the exit code in the 8 bits above the eighth. */
function writeExitCode(to: Assembler): void {
  to.label("exit-code");
  to.move("t1", "a0");
  to.shiftLeft("t1", 64 - 7);
  to.shiftRight("t1", 64 - 7);
  to.branch("t1", "equal", 0, "exited");
  to.add("t1", 128);
  to.jump("result");
  to.label("exited");
  to.move("t1", "a0");
  to.shiftLeft("t1", 64 - 16);
  to.shiftRight("t1", 64 - 8);
  to.jump("result");
}

/** t1: the number so far; t0: a character less "0", which all that are no digits are larger than 9 as. */
function writeNumber(to: Assembler): void {
  to.label("number");
  to.set("t1", 0);
  to.label("next-digit");
  to.load("t0", "a0", 0, 1);
  to.move("t2", "t0");
  to.add("a0", 1);
  to.subtract("t0", 48); // "0"
  to.branch("t0", "at-least", 10, "number-ends");
  to.set("t4", 10);
  to.multiply("t1", "t4");
  to.addRegister("t1", "t0");
  to.jump("next-digit");
  to.label("number-ends");
  to.store("a0", "a1", 0, 8);
  to.branch("t2", "not-equal", 0, "result");
  to.set("t1", 0);
  to.jump("result");
}

/** t1: the result; t3: the record that follows. */
function writeResult(to: Assembler): void {
  to.label("result");
  to.move("t3", "record");
  to.add("t3", RECORD_BYTES);
  to.branch("t1", "not-equal", 0, "keep");
  to.load("t0", "record", RECORD.onZero, 4);
  to.branch("t0", "equal", 0, "keep");
  to.move("t3", "t0");
  to.label("keep");
  to.load("t0", "record", RECORD.keep, 4);
  to.branch("t0", "equal", 0, "go-on");
  to.store("t1", "t0", 0, 8);
  to.label("go-on");
  to.move("record", "t3");
  to.jump("step");
}
