import { constants } from "node:os";
import {
  FAILED_WORDS_OFFSET,
  FAILURE_BYTES,
  FAILURE_OFFSET,
  REPORT,
  REPORT_BYTES,
  REPORT_FD,
  type ReportKind,
  TABLE_ADDRESS,
} from "./layout.ts";
import {
  type Argument,
  Block,
  call,
  fail,
  goTo,
  Label,
  loadWord,
  Pointer,
  Slot,
  type Step,
  storeWord,
} from "./step.ts";

/** A reader that is gone is an error, not a signal. */
const MSG_NOSIGNAL = 0x4000;

/** Tells whoever is at the other end of `to`. `goesOn`: nobody has to be there any more. */
export function reportStep(
  kind: Exclude<ReportKind, "failed">,
  value: Argument = 0,
  { to = REPORT_FD, goesOn = false }: { readonly to?: Argument; readonly goesOn?: boolean } = {},
): Step[] {
  const message = Buffer.alloc(REPORT_BYTES);
  message.writeUInt32LE(REPORT[kind], 0);
  return [
    ...(value === 0 ? [] : [storeWord(`write what to report`, value, new Pointer(message, 4))]),
    call(`report "${kind}"`, "sendto", [to, message, REPORT_BYTES, MSG_NOSIGNAL, 0, 0], {
      on: goesOn ? { EPIPE: "next", ECONNRESET: "next", EBADF: "next" } : {},
    }),
  ];
}

/** Reports the failure that the interpreter has noted. Nobody has to be there. */
export function reportFailure(to: Argument = REPORT_FD): (Step | Label)[] {
  const told = new Label("told");
  const message = TABLE_ADDRESS + FAILURE_OFFSET;
  return [
    call("report what failed", "sendto", [to, message, REPORT_BYTES, MSG_NOSIGNAL, 0, 0], { onError: told }),
    told,
  ];
}

/**
 * Reports it in one message with the step's words behind it: FAILURE_BYTES, the last four of them the words' length, for
 * who keeps no copy of the table.
 */
export function reportFailureInWords(to: Argument): (Step | Label)[] {
  const told = new Label("told");
  const failure = TABLE_ADDRESS + FAILURE_OFFSET;
  const at = new Slot("words");
  const length = new Slot("length of the words");
  const parts = new Block([failure, FAILURE_BYTES, 0, 0]);
  const message = new Block([0, 0, new Pointer(parts), 2, 0, 0, 0]);
  return [
    loadWord("find the words", TABLE_ADDRESS + FAILED_WORDS_OFFSET, at),
    storeWord("send them", at, new Pointer(parts, 16)),
    loadWord("take their length", TABLE_ADDRESS + FAILED_WORDS_OFFSET + 4, length),
    storeWord("send as much", length, new Pointer(parts, 24)),
    call("report what failed", "sendmsg", [to, message, MSG_NOSIGNAL], { onError: told }),
    told,
  ];
}

/** Waits for a byte. Fails with ECANCELED when nobody is left to send one. */
export function receiveSteps(words: string, from: Argument = REPORT_FD): (Step | Label)[] {
  const byte = Buffer.alloc(8);
  const gone = new Label("nobody is there");
  const received = new Label("received");
  return [
    call(words, "read", [from, byte, 1], { onZero: gone }),
    goTo("go on", received),
    gone,
    fail(words, constants.errno.ECANCELED),
    received,
  ];
}

export const exitStep = (code: Argument): Step => call("end", "exit_group", [code]);
