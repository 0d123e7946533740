/** A thread of its own that unpacks layers; `unpackAll` starts it and gives it tasks, one at a time. */
import { parentPort, workerData } from "node:worker_threads";
import { Fault, type FaultCode, messageOf } from "@plinth/fault";
import type { Digest } from "../digest.ts";
import { deedsByInit } from "./do-deeds.ts";
import type { LayerSummary } from "./layer-writer.ts";
import { unpackLayers, type UnpackTask } from "./unpack-layers.ts";

/** What the thread answers to a task. */
export type ThreadAnswer =
  | { readonly kind: "read"; readonly digest: Digest; readonly bytes: number }
  | { readonly kind: "done"; readonly summary: LayerSummary }
  | {
      readonly kind: "failed";
      /** Undefined for what is no Fault. */
      readonly code: FaultCode | undefined;
      readonly errno: string | undefined;
      readonly message: string;
      readonly hint: string | undefined;
    };

/** Told so often; a message for each piece would cost more than it tells. */
const PROGRESS_BYTES: number = 4 * 2 ** 20;

const port = parentPort!;
/** Where the init is kept, which does what Node cannot. */
const doDeeds = deedsByInit(workerData as string);

function answer(message: ThreadAnswer): void {
  port.postMessage(message);
}

async function work(task: UnpackTask): Promise<void> {
  let told = 0;
  try {
    const summary = await unpackLayers(task, doDeeds, (layer, bytes) => {
      if (bytes < layer.bytes && bytes > told && bytes - told < PROGRESS_BYTES) return;
      told = bytes;
      answer({ kind: "read", digest: layer.digest, bytes });
    });
    answer({ kind: "done", summary });
  } catch (error) {
    answer({
      kind: "failed",
      code: error instanceof Fault ? error.code : undefined,
      errno: (error as NodeJS.ErrnoException).code,
      message: messageOf(error),
      hint: error instanceof Fault ? error.hint : undefined,
    });
  }
}

port.on("message", (task: UnpackTask) => void work(task));
