import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import { type Clock, systemClock } from "@plinth/clock";
import { messageOf } from "@plinth/fault";
import type { WrittenLine } from "./compile-remap.ts";

/** What a program made of one line. */
export type Remapped =
  | {
      /** JSON objects: mostly one, none where it aborted, several where it left a list. */
      readonly fields: readonly string[];
    }
  /** Why it made nothing of it. */
  | { readonly error: string };

/** Lines of one program, for the thread. */
export interface Batch {
  readonly program: string;
  readonly lines: readonly WrittenLine[];
}

interface Job extends Batch {
  readonly answer: (remapped: readonly Remapped[]) => void;
}

/** A share of time for each line that no sensible program needs: two milliseconds. */
const BATCH_LINES_MAX = 1000;
const BATCH_MS_MAX = 2000;
/** A program that was ended would hold up all others again: others get their turns first. */
const BARRED_MS = 30_000;
/** Of the thread, beyond what the language itself takes: a line's 64 KiB can become much, but not this. */
const HEAP_MIB = 256;
/** Who reads logs soon reads again; who does not needs no thread. */
const IDLE_MS = 60_000;

/**
 * Runs services' `logs.remap` in a thread: a program that takes too long, or too much memory, is ended with it, and its
 * lines say so. One batch at a time; readers wait for their turn, which holds them back.
 */
export class Remapper implements AsyncDisposable {
  readonly #clock: Clock;
  #worker: Worker | undefined;
  #current: Job | undefined;
  #stopClock: (() => void) | undefined;
  readonly #waiting: Job[] = [];
  /** Programs that were ended, until when they are not run again, and why. */
  readonly #barred = new Map<string, { readonly untilMs: number; readonly error: string }>();

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  /** One answer for each line, in their order. Never rejects. */
  async remap(program: string, lines: readonly WrittenLine[]): Promise<Remapped[]> {
    const remapped: Remapped[] = [];
    for (let at = 0; at < lines.length; at += BATCH_LINES_MAX) {
      const part = lines.slice(at, at + BATCH_LINES_MAX);
      remapped.push(...(await this.#run(program, part)));
    }
    return remapped;
  }

  /** Who waits is answered: its lines were not remapped. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const { lines, answer } of this.#waiting.splice(0)) answer(lines.map(() => ({ error: ENDED })));
    await this.#worker?.terminate();
    this.#stopClock?.();
  }

  #run(program: string, lines: readonly WrittenLine[]): Promise<readonly Remapped[]> {
    const barred = this.#barred.get(program);
    if (barred !== undefined && barred.untilMs > this.#clock.monotonic())
      return Promise.resolve(lines.map(() => ({ error: barred.error })));
    this.#barred.delete(program);
    return new Promise((answer) => {
      this.#waiting.push({ program, lines, answer });
      this.#next();
    });
  }

  #next(): void {
    if (this.#current !== undefined) return;
    this.#stopClock?.();
    this.#current = this.#waiting.shift();
    if (this.#current === undefined) return this.#rest();
    if (this.#worker === undefined) this.#worker = this.#start();
    else this.#give(this.#worker, this.#current);
  }

  #rest(): void {
    const worker = this.#worker;
    if (worker === undefined) return;
    worker.unref();
    this.#stopClock = this.#clock.schedule(IDLE_MS, () => {
      this.#worker = undefined;
      void worker.terminate();
    });
  }

  #give(worker: Worker, { program, lines }: Job): void {
    worker.ref();
    worker.postMessage({ program, lines } satisfies Batch);
    this.#stopClock = this.#clock.schedule(BATCH_MS_MAX, () => {
      this.#bar(`it took longer than ${BATCH_MS_MAX / 1000} s for ${lines.length} lines`);
      void worker.terminate();
    });
  }

  #start(): Worker {
    const worker = new Worker(new URL(`remap-thread${extname(import.meta.url)}`, import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB },
    });
    // Its first message says that it is ready: what loading takes is not the program's time.
    worker.on("message", (remapped: readonly Remapped[] | undefined) => {
      if (remapped !== undefined) this.#answer(remapped);
      else if (this.#current !== undefined) this.#give(worker, this.#current);
    });
    worker.on("error", (error) => {
      this.#bar(isOutOfMemory(error) ? `it needed more than ${HEAP_MIB} MiB` : messageOf(error));
    });
    worker.on("exit", () => {
      if (this.#worker !== worker) return;
      this.#worker = undefined;
      this.#answer([]);
    });
    return worker;
  }

  /** Whose turn it was does not get another soon. */
  #bar(reason: string): void {
    if (this.#current === undefined) return;
    // Those that nobody asks for again would stay.
    const nowMs = this.#clock.monotonic();
    for (const [program, { untilMs }] of this.#barred) if (untilMs <= nowMs) this.#barred.delete(program);
    const error = `the program was ended: ${reason}; it is tried again after ${BARRED_MS / 1000} s`;
    this.#barred.set(this.#current.program, { untilMs: nowMs + BARRED_MS, error });
  }

  #answer(remapped: readonly Remapped[]): void {
    const job = this.#current;
    this.#current = undefined;
    if (job !== undefined) {
      const error = this.#barred.get(job.program)?.error ?? ENDED;
      job.answer(job.lines.map((_, index) => remapped[index] ?? { error }));
    }
    this.#next();
  }
}

/** Where the daemon ends, nobody reads on. */
const ENDED = "the program was ended";

const isOutOfMemory = (error: unknown): boolean =>
  error instanceof Error && "code" in error && error.code === "ERR_WORKER_OUT_OF_MEMORY";
