import { once } from "node:events";
import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import type { Checkpointer } from "./checkpoint.ts";
import { CHECKPOINT_HEAP_MIB } from "./limits.ts";
import type { Extent } from "./log-recovery.ts";

/** Within the store's directory. */
export const LOG_DIRECTORY = "wal";

/** A thread that is started with the first work, and anew after it has died. */
export class ThreadCheckpointer implements Checkpointer {
  readonly #directory: string;
  #worker: Worker | undefined;
  #current: PromiseWithResolvers<void> | undefined;

  constructor(directory: string) {
    this.#directory = directory;
  }

  get isRunning(): boolean {
    return this.#worker !== undefined;
  }

  async apply(extents: readonly Extent[]): Promise<void> {
    this.#worker ??= this.#start();
    this.#current = Promise.withResolvers();
    // The thread keeps the process from ending only while it works.
    this.#worker.ref();
    this.#worker.postMessage(extents);
    return this.#current.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const worker = this.#worker;
    if (worker === undefined) return;
    worker.ref();
    const exit = once(worker, "exit");
    worker.postMessage(undefined);
    await exit;
  }

  #start(): Worker {
    const worker = new Worker(new URL(`checkpoint-thread${extname(import.meta.url)}`, import.meta.url), {
      workerData: this.#directory,
      resourceLimits: { maxOldGenerationSizeMb: CHECKPOINT_HEAP_MIB },
    });
    worker.on("message", (failure: string | undefined) => {
      worker.unref();
      if (failure === undefined) this.#current?.resolve();
      else this.#current?.reject(new Error(failure));
    });
    let cause: unknown;
    worker.on("error", (error) => {
      cause = error;
    });
    worker.on("exit", () => {
      this.#worker = undefined;
      this.#current?.reject(new Error("the thread that writes checkpoints has died", { cause }));
    });
    return worker;
  }
}
