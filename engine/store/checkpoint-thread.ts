/** A thread of its own that brings the log's commits into LMDB; `ThreadCheckpointer` starts it and gives it work. */
import { join } from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import { messageOf } from "@plinth/fault";
import { applyExtents, applyFrames } from "./checkpoint.ts";
import { LOG_DIRECTORY } from "./checkpointer.ts";
import { directoryDisk } from "./log-disk.ts";
import type { Extent } from "./log-recovery.ts";
import { openDatabase } from "./mvcc-file.ts";

const directory = workerData as string;
const database = openDatabase(directory);
const disk = directoryDisk(join(directory, LOG_DIRECTORY));
const target = {
  apply: (frames: readonly Buffer[], last: number): void => applyFrames(database, frames, last),
};

/** Undefined as work: the end. Undefined as answer: done; else why not. */
async function work(extents: readonly Extent[] | undefined): Promise<void> {
  if (extents === undefined) {
    await database.close();
    parentPort!.close();
    return;
  }
  try {
    await applyExtents(disk, target, extents);
    parentPort!.postMessage(undefined);
  } catch (error) {
    parentPort!.postMessage(messageOf(error));
  }
}

parentPort!.on("message", (extents: readonly Extent[] | undefined) => void work(extents));
