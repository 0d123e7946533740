import type { Socket } from "node:net";
import type { Readable, Writable } from "node:stream";
import { REPORT, REPORT_BYTES, type ReportKind } from "./layout.ts";
import type { EncodedProgram } from "./program.ts";
import type { Step } from "./step.ts";

export type Report =
  | { readonly kind: Exclude<ReportKind, "failed">; readonly value: number }
  | { readonly kind: "failed"; readonly step: Step; readonly errno: number };

const kinds: ReadonlyMap<number, ReportKind> = new Map(
  Object.entries(REPORT).map(([kind, number]) => [number, kind as ReportKind]),
);

/** How an init ended, as its parent sees it. */
export interface InitEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A running init, whoever is its parent, and what it says. */
export abstract class RunningInit {
  abstract get pid(): number;
  /** Resolves when it is gone. Undefined where another process is its parent. */
  abstract readonly ended: Promise<InitEnd | undefined>;
  /** With "pipe". */
  abstract readonly stdin: Writable | null;
  abstract readonly stdout: Readable | null;
  abstract readonly stderr: Readable | null;
  protected readonly socket: Socket;
  /** Resolves when nobody is at the other end any more. */
  protected readonly over: Promise<void>;
  /** Resolves once its table is on the way, or nobody wants it. */
  protected readonly written: Promise<void>;
  readonly #program: EncodedProgram;
  readonly #reports: Report[] = [];
  #partial: Buffer = Buffer.alloc(0);
  #isOver = false;
  #wake: (() => void) | undefined;

  constructor(socket: Socket, program: EncodedProgram) {
    this.socket = socket;
    this.#program = program;
    socket.on("data", (chunk: Buffer) => this.#read(chunk));
    this.over = new Promise((resolve) => {
      const over = (): void => {
        this.#isOver = true;
        this.#wake?.();
        resolve();
      };
      // An init that is gone resets its end.
      socket.on("error", over).on("close", over);
    });
    this.written = new Promise((resolve) => void socket.write(program.table, () => resolve()));
  }

  /** Ends it, and what is half made with it. */
  abstract kill(): void;

  /** Ends what is half made. Resolves when nobody works on it any more. */
  abstract abandon(): Promise<void>;

  /** It does not keep this process alive any more. */
  abstract unref(): void;

  protected get isOver(): boolean {
    return this.#isOver;
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
    this.socket.write("\n");
  }

  /** Hangs up: an init that waits for an answer ends. */
  close(): void {
    this.socket.destroy();
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
