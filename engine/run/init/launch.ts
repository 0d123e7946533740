import { type ChildProcess, spawn, type StdioOptions } from "node:child_process";
import { once } from "node:events";
import type { Socket } from "node:net";
import { getSystemErrorMessage, getSystemErrorName } from "node:util";
import { Fault, messageOf } from "@plinth/fault";
import type { Init } from "./init-file.ts";
import { NO_TABLE_CODE, REPORT, REPORT_BYTES, REPORT_FD, type ReportKind } from "./layout.ts";
import type { EncodedProgram } from "./program.ts";
import type { Step } from "./step.ts";

/** Standard input, output and error of what is started: a descriptor of ours, a pipe, or nothing. */
export type Stdio = number | "pipe" | "ignore";

export interface LaunchOptions {
  readonly init: Init;
  readonly program: EncodedProgram;
  /** Default: nothing, three times. */
  readonly stdio?: readonly [Stdio, Stdio, Stdio];
  /** Descriptors of ours that become 4, 5 and so on. */
  readonly descriptors?: readonly number[];
  /** Of the init itself, where whoever looks for its process finds it. The command's is in the program. */
  readonly env?: Readonly<Record<string, string>>;
}

export type Report =
  | { readonly kind: Exclude<ReportKind, "failed">; readonly value: number }
  | { readonly kind: "failed"; readonly step: Step; readonly errno: number };

const kinds: ReadonlyMap<number, ReportKind> = new Map(
  Object.entries(REPORT).map(([kind, number]) => [number, kind as ReportKind]),
);

/** A running init, and what it says. */
export class Launched {
  readonly child: ChildProcess;
  /** How the init itself ended. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  readonly #program: EncodedProgram;
  readonly #socket: Socket;
  readonly #reports: Report[] = [];
  #partial: Buffer = Buffer.alloc(0);
  #isOver = false;
  #wake: (() => void) | undefined;

  constructor(child: ChildProcess, program: EncodedProgram) {
    this.child = child;
    this.#program = program;
    this.#socket = child.stdio[REPORT_FD] as Socket;
    this.ended = once(child, "exit").then(([code, signal]) => ({ code, signal }));
    this.ended.catch(() => {}); // whoever waits is told by next(), too
    this.#socket.on("data", (chunk: Buffer) => this.#read(chunk));
    const over = (): void => {
      this.#isOver = true;
      this.#wake?.();
    };
    // An init that is gone resets its end.
    this.#socket.on("error", over).on("close", over);
    this.#socket.write(program.table, () => program.release());
  }

  /** The next report; undefined when there will be none. */
  async next(): Promise<Report | undefined> {
    for (;;) {
      const report = this.#reports.shift();
      if (report !== undefined || this.#isOver) return report;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** Lets a waiting init go on. */
  answer(): void {
    this.#socket.write("\n");
  }

  /** Hangs up: an init that waits for an answer ends. */
  close(): void {
    this.#socket.destroy();
  }

  /** Neither the init nor its socket keep this process alive any more. */
  unref(): void {
    this.child.unref();
    this.#socket.unref();
  }

  #read(chunk: Buffer): void {
    this.#partial = this.#partial.length === 0 ? chunk : Buffer.concat([this.#partial, chunk]);
    while (this.#partial.length >= REPORT_BYTES) {
      this.#reports.push(this.#decode(this.#partial));
      this.#partial = this.#partial.subarray(REPORT_BYTES);
    }
    this.#wake?.();
  }

  #decode(bytes: Buffer): Report {
    const kind = kinds.get(bytes.readUInt32LE(0));
    const value = bytes.readUInt32LE(4);
    if (kind === undefined) throw new Error(`the init sent report ${bytes.readUInt32LE(0)}`);
    if (kind !== "failed") return { kind, value };
    const step = this.#program.stepAt(value);
    if (step === undefined) throw new Error(`the init failed at ${value.toString(16)}, where no step is`);
    return { kind, step, errno: bytes.readUInt32LE(8) };
  }
}

/** Starts the init and hands it its table. Fault `unavailable` when it cannot be executed. */
export async function launch(options: LaunchOptions): Promise<Launched> {
  const stdio: StdioOptions = [
    ...(options.stdio ?? ["ignore", "ignore", "ignore"]),
    "pipe",
    ...(options.descriptors ?? []),
  ];
  let child: ChildProcess;
  try {
    // A session of its own: it outlives us, and a terminal's signals are not for it.
    const env = options.env ?? {};
    child = spawn(options.init.path, [], { argv0: "plinth-init", cwd: "/", env, detached: true, stdio });
    if (child.pid === undefined) await once(child, "spawn");
  } catch (error) {
    throw new Fault("unavailable", `Cannot start the init: ${messageOf(error)}`, {
      cause: error,
    });
  }
  return new Launched(child, options.program);
}

/** "EPERM (operation not permitted)". */
export function describeErrno(errno: number): string {
  const message = getSystemErrorMessage(-errno);
  return message === undefined ? `errno ${errno}` : `${errnoName(errno)} (${message})`;
}

/** The sentence for an init that ended before it said what was awaited. */
export function unexpectedEnd(
  what: string,
  { code, signal }: { readonly code: number | null; readonly signal: NodeJS.Signals | null },
): Fault {
  if (code === NO_TABLE_CODE) return new Fault("unavailable", `Cannot ${what}: the init got no whole table`);
  const how = signal === null ? `with code ${code}` : `by ${signal}`;
  return new Fault("unavailable", `Cannot ${what}: the init ended ${how} before it was done`);
}

/** "EPERM". */
export function errnoName(errno: number): string {
  return getSystemErrorName(-errno);
}
