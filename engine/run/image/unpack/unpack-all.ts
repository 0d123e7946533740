import { availableParallelism } from "node:os";
import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import { Fault } from "@plinth/fault";
import type { Digest } from "../digest.ts";
import { deedsByInit } from "./do-deeds.ts";
import type { LayerSummary } from "./layer-writer.ts";
import type { ThreadAnswer } from "./unpack-thread.ts";
import { unpackLayers, type UnpackTask } from "./unpack-layers.ts";

/** Disks and decompression gain nothing from more, and each takes some 20 MiB. */
const THREADS_MAX = 4;
/** Lists of names of a million entries fit; of a layer that is nothing but names of 3 KB, the thread ends, not Plinth. */
const HEAP_MIB = 512;

/** Layers so small, all together, cost less than the start of a thread; a bomb of that size makes no more than 32 MiB. */
const SMALL_BYTES = 32_768;

export interface UnpackAllOptions {
  /** Where the init is kept, which does what Node cannot. */
  readonly initDirectory: string;
  readonly signal?: AbortSignal | undefined;
  readonly onRead?: (digest: Digest, bytes: number) => void;
  /** A task is done; the others go on meanwhile. Its failure ends all. */
  readonly onDone: (task: UnpackTask, summary: LayerSummary) => Promise<void>;
}

/**
 * Unpacks several layers at once, each thread one at a time. All threads have ended when this resolves or rejects, so
 * that what they were writing to can be removed.
 */
export async function unpackAll(tasks: readonly UnpackTask[], options: UnpackAllOptions): Promise<void> {
  const bytes = tasks.reduce(
    (sum, { layers }) => sum + layers.reduce((each, layer) => each + layer.bytes, 0),
    0,
  );
  if (bytes <= SMALL_BYTES) {
    await unpackHere(tasks, options);
    return;
  }
  const over = new AbortController();
  const signal = options.signal === undefined ? over.signal : AbortSignal.any([options.signal, over.signal]);
  const left = [...tasks].reverse();
  const count = Math.min(tasks.length, THREADS_MAX, availableParallelism());
  const threads = Array.from({ length: count }, () => runThread(left, signal, options));
  // The first failure ends the others; it is what is told.
  for (const thread of threads) thread.catch((error: unknown) => over.abort(error));
  await Promise.allSettled(threads);
  options.signal?.throwIfAborted();
  over.signal.throwIfAborted();
}

async function unpackHere(
  tasks: readonly UnpackTask[],
  { initDirectory, signal, onRead, onDone }: UnpackAllOptions,
): Promise<void> {
  const doDeeds = deedsByInit(initDirectory);
  for (const task of tasks) {
    signal?.throwIfAborted();
    await onDone(task, await unpackLayers(task, doDeeds, (layer, bytes) => onRead?.(layer.digest, bytes)));
  }
}

async function runThread(
  left: UnpackTask[],
  signal: AbortSignal,
  { initDirectory, onRead, onDone }: UnpackAllOptions,
): Promise<void> {
  signal.throwIfAborted();
  const worker = new Worker(new URL(`unpack-thread${extname(import.meta.url)}`, import.meta.url), {
    workerData: initDirectory,
    execArgv: [], // what our own process was started with may not fit a thread
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB },
  });
  const exited = new Promise((resolve) => void worker.once("exit", resolve));
  let current: PromiseWithResolvers<LayerSummary> | undefined;
  const onAbort = (): void => current?.reject(signal.reason);
  signal.addEventListener("abort", onAbort);
  worker.on("message", (answer: ThreadAnswer) => {
    if (answer.kind === "read") onRead?.(answer.digest, answer.bytes);
    else if (answer.kind === "done") current?.resolve(answer.summary);
    else current?.reject(failureOf(answer));
  });
  worker.on("error", (error) => current?.reject(deathOf(error as Error)));
  worker.on("exit", (code) => current?.reject(deathOf(new Error(`exit code ${code}`))));
  try {
    for (let task = left.pop(); task !== undefined; task = left.pop()) {
      signal.throwIfAborted();
      current = Promise.withResolvers();
      worker.postMessage(task);
      await onDone(task, await current.promise);
    }
  } finally {
    signal.removeEventListener("abort", onAbort);
    await worker.terminate();
    await exited;
  }
}

function failureOf(answer: ThreadAnswer & { readonly kind: "failed" }): Fault | Error {
  const { code, errno, message, hint } = answer;
  if (code !== undefined) return new Fault(code, message, hint === undefined ? {} : { hint });
  if (errno === "ENOSPC" || errno === "EDQUOT") {
    return new Fault("exhausted", `Cannot unpack a layer: the disk is full (${message})`, {
      hint: "`plinth image gc` removes what nothing uses.",
    });
  }
  return new Error(message);
}

function deathOf(error: Error): Fault {
  const isHeap = (error as NodeJS.ErrnoException).code === "ERR_WORKER_OUT_OF_MEMORY";
  return isHeap
    ? new Fault("too-large", `Cannot unpack a layer: the list of its names needs more than ${HEAP_MIB} MiB`)
    : new Fault("unavailable", `Cannot unpack a layer: the thread that did it has died: ${error.message}`);
}
