/** Runs jobs in a worker, one at a time and only the newest; ends a worker that does not answer and starts another. */
import type { FromWorker, FunctionHelp, Job, Report } from "./worker/messages.ts";

/** Programs take microseconds: one that takes this long will not end while somebody waits for it. */
export const RUN_MS_MAX = 2_000;
/** To fetch and start the library over a slow line. */
const LOAD_MS_MAX = 30_000;

export interface RunnerEvents {
  /** Of the first worker, and of each that takes another's place. */
  onReady(functions: readonly FunctionHelp[]): void;
  /** Of the newest job only. */
  onReport(report: Report): void;
  /** The job was ended: it took longer than `RUN_MS_MAX`. */
  onOverrun(): void;
  /** No worker can be had. */
  onBroken(reason: string): void;
}

export class Runner {
  readonly #events: RunnerEvents;
  #worker: Worker | undefined;
  #isReady = false;
  #running: Job | undefined;
  #next: Job | undefined;
  #lastId = 0;
  #timer = 0;

  constructor(events: RunnerEvents) {
    this.#events = events;
    this.#start();
  }

  /** A job that has not begun yet is forgotten for this one. */
  run(job: Omit<Job, "id">): void {
    this.#next = { ...job, id: ++this.#lastId };
    if (this.#worker === undefined) this.#start();
    else this.#advance();
  }

  #start(): void {
    const worker = new Worker(new URL("./worker/worker.ts", import.meta.url), { type: "module" });
    this.#worker = worker;
    worker.addEventListener("message", ({ data }: MessageEvent<FromWorker>) => this.#hear(data));
    worker.addEventListener("error", ({ message }) => this.#break(message || "its script cannot be loaded"));
    this.#timer = window.setTimeout(() => this.#break("it does not start"), LOAD_MS_MAX);
  }

  #hear(message: FromWorker): void {
    window.clearTimeout(this.#timer);
    if (message.type === "ready") {
      this.#isReady = true;
      this.#events.onReady(message.functions);
    } else {
      this.#running = undefined;
      if (message.report.id === this.#lastId) this.#events.onReport(message.report);
    }
    this.#advance();
  }

  #advance(): void {
    if (!this.#isReady || this.#running !== undefined || this.#next === undefined) return;
    this.#running = this.#next;
    this.#next = undefined;
    this.#worker?.postMessage(this.#running);
    this.#timer = window.setTimeout(() => {
      this.#stop();
      this.#events.onOverrun();
      this.#start();
    }, RUN_MS_MAX);
  }

  #break(reason: string): void {
    this.#stop();
    this.#events.onBroken(reason);
  }

  #stop(): void {
    window.clearTimeout(this.#timer);
    this.#worker?.terminate();
    this.#worker = undefined;
    this.#running = undefined;
    this.#isReady = false;
  }
}
