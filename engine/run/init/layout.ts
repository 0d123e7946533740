/**
 * Where the init finds what. The table it walks is read to a fixed address, so all that points into it is written by
 * TypeScript: the init relocates nothing.
 *
 * | offset | bytes | is |
 * |---|---|---|
 * | 0 | 4 | MAGIC, which changes with this layout |
 * | 8 | 8 | the table's length; a table cut short is refused |
 * | 16 | 8 | address of the first record |
 * | 24 | 24 | the report of a failure: REPORT.failed, address of the record, its errno, 0, the words' address and length |
 * | 64 | 8 each | slots |
 * | behind | RECORD_BYTES each | records, then the data they point to; sections begin on pages |
 */
export const TABLE_ADDRESS = 0x10000000;
/**
 * A program's arguments and environment take up to 2 MiB of it (the kernel's own bound with the usual stack limit),
 * 20,000 records as much again. What is not used is never touched, and so costs no memory.
 */
export const TABLE_BYTES_MAX: number = 4 << 20;
/**
 * Behind the table, for what the kernel writes, and a NUL behind it. A path has at most 4096 bytes; a list of processes
 * comes in pieces of up to a page, which end between two numbers if they are not cut: the largest page has 64 KiB.
 */
export const SCRATCH_ADDRESS: number = TABLE_ADDRESS + TABLE_BYTES_MAX;
export const LIST_BYTES: number = 64 << 10;
export const SCRATCH_BYTES: number = LIST_BYTES + 8;
export const MAGIC = 0x32544e50; // "PNT2"

export const LENGTH_OFFSET = 8;
export const FIRST_OFFSET = 16;
export const FAILURE_OFFSET = 24;
export const FAILED_RECORD_OFFSET: number = FAILURE_OFFSET + 4;
export const FAILED_ERRNO_OFFSET: number = FAILURE_OFFSET + 8;
export const FAILED_WORDS_OFFSET: number = FAILURE_OFFSET + 16;
/** The report of a failure and where the record's words are. */
export const FAILURE_BYTES = 24;
export const SLOTS_OFFSET = 64;
export const SLOT_BYTES = 8;
/** Descriptors, pids and intermediate results: a program's steps share slots freely, few live long. */
export const SLOTS_MAX = 120;
export const SLOTS_END: number = SLOTS_OFFSET + SLOTS_MAX * SLOT_BYTES;

/** Sections begin on pages, so that the shim can give back those of the others. */
export const SECTION_BYTES = 4096;

/** One record, one step. All addresses lie in the table and fit into 32 bits. */
export const RECORD_BYTES = 112;
export const RECORD = {
  /** u32: an Operation. */
  operation: 0,
  /** u32: the system call's number. */
  number: 4,
  /** u32: bit i says that argument i is the address of a slot whose value counts. */
  slots: 8,
  /** u32: address of the slot that keeps the result; 0 for none. */
  keep: 12,
  /** u64 times 6. */
  arguments: 16,
  /** u32: record that follows a result of zero; 0 for the next one. */
  onZero: 64,
  /** u32: record that follows any error not listed. */
  onError: 68,
  /** { u32 errno, u32 record } times 4. */
  errors: 72,
  /** u32 address, u32 length of its words; zeros in sections that carry none. */
  words: 104,
} as const;
export const ERRORS_MAX = 4;
export const ARGUMENTS_MAX = 6;

/** What a record does. Its result is kept, then compared with zero; that of the first two may be an error. */
export const OPERATION = {
  /** Makes the system call. */
  call: 0,
  /** Fails with errno argument 0. */
  fail: 1,
  /** Argument 0. */
  value: 2,
  /** Argument 0 less argument 1. */
  difference: 3,
  /** The byte at address argument 0. */
  loadByte: 4,
  /** The 32 bits at address argument 0. */
  loadWord: 5,
  /** Stores argument 1's lower 32 bits at address argument 0. */
  storeWord: 6,
  /** Writes argument 0 (below 2^32) in decimal and a NUL to address argument 1; the result is its length. */
  decimal: 7,
  /** What a shell gives for the wait status argument 0: the exit code, or 128 + signal. */
  exitCode: 8,
  /**
   * The decimal number at address argument 0, and one character behind it: the address behind both is stored at address
   * argument 1. Zero for a number that a NUL ends: more of it might follow.
   */
  number: 9,
  /** Reads another table in place of this one, and goes on at its first record. */
  begin: 10,
} as const;
export type Operation = keyof typeof OPERATION;

/** The socket over which the table comes and reports go. */
export const REPORT_FD = 3;
/** Reports are four u32: which one, two values, zero. */
export const REPORT_BYTES = 16;
export const REPORT = {
  /** Address of the record, errno. */
  failed: 1,
  /** Waits until it is answered with a byte. A pid or a descriptor. */
  waiting: 3,
  /** All is set up; the command runs when the container is started. Its pid. */
  created: 4,
  /** The command runs. Its pid. */
  started: 5,
  /** The command ended; its wait status. */
  ended: 6,
  /** A spawner has made an init, which reads its table now. Its pid. */
  began: 7,
  /** A spawner could make no process; the errno. */
  refused: 8,
} as const;
export type ReportKind = keyof typeof REPORT;
/** Exit code of an init that got no whole table. */
export const NO_TABLE_CODE = 124;
