import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { kvService, RangeRequest } from "@plinth/etcd";
import { processUsage } from "@plinth/process";
import { Children } from "../children.ts";
import { callOnce } from "./caller.ts";
import { plinth, serving } from "./contenders.ts";
import { fill, overwrite } from "./load.ts";

/** A store that holds much: how long a start takes and what it needs. */
export interface LargeReport {
  readonly keys: number;
  /** From starting the program to the answer of how many keys there are. */
  readonly startSeconds: number;
  readonly residentMib: number;
  readonly diskMib: number;
}

export async function measureLarge(directory: string, keys: number): Promise<LargeReport> {
  {
    await using children = new Children();
    await fill(keys, await serving(plinth, children, directory));
  }
  await using children = new Children();
  const startMs = performance.now();
  const pid = await serving(plinth, children, directory);
  const { count } = await callOnce(
    kvService.range,
    RangeRequest.of({ key: "\0", rangeEnd: "\0", countOnly: true }),
  );
  const startSeconds = (performance.now() - startMs) / 1000;
  if (count !== keys) throw new Error(`${count} keys after the start, not ${keys}`);
  return {
    keys,
    startSeconds,
    residentMib: processUsage(pid)!.memoryBytes / 2 ** 20,
    diskMib: bytesOf(directory) / 2 ** 20,
  };
}

/** A store whose keys are overwritten again and again, and whose history is compacted in between. */
export interface ChurnReport {
  readonly keys: number;
  /** Bytes of the data directory after each cycle. */
  readonly diskMib: readonly number[];
}

export async function measureChurn(directory: string, keys: number, cycles: number): Promise<ChurnReport> {
  await using children = new Children();
  const pid = await serving(plinth, children, directory);
  await fill(keys, pid);
  const diskMib: number[] = [];
  for (let cycle = 0; cycle < cycles; cycle++) {
    await overwrite(keys, pid);
    const { header } = await callOnce(kvService.range, RangeRequest.of({ key: "\0" }));
    await callOnce(kvService.compact, { revision: header!.revision, physical: true });
    diskMib.push(bytesOf(directory) / 2 ** 20);
  }
  return { keys, diskMib };
}

function bytesOf(directory: string): number {
  let bytes = 0;
  for (const entry of readdirSync(directory, { withFileTypes: true, recursive: true })) {
    if (entry.isFile()) bytes += statSync(join(entry.parentPath, entry.name)).size;
  }
  return bytes;
}
