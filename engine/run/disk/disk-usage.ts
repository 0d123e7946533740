import { execFile } from "node:child_process";
import { closeSync, openSync, readFileSync, unlinkSync } from "node:fs";
import { readdir, readlink, stat } from "node:fs/promises";
import { Fault } from "@plinth/fault";
import { FIRST_DESCRIPTOR } from "../container/command.ts";
import { subordinateIds } from "../container/id-maps.ts";
import { becomeTool, runMapped } from "../container/in-user-namespace.ts";
import { openInit } from "../init/init-file.ts";
import { call } from "../init/step.ts";
import { toolPath } from "../tool-path.ts";

const KIB = 1024;
/** As stat(2) counts. */
const BLOCK_BYTES = 512;
/** A tree of millions of files on a slow disk; nothing else is held up by it. */
const COUNT_TIMEOUT_MS = 60_000;
/** Descriptors of one process looked at for files without a name; a program has some tens. */
const DESCRIPTORS_MAX = 4096;

/**
 * Bytes on the disk below a directory, of its own file system only; each file once, whatever its names. Counted by
 * du(1): a million calls of stat are nothing for a process's only thread of JavaScript. Directories that belong to the
 * caller's subordinate ids are looked into as root of those; `initDirectory` is where the init is kept.
 */
export async function treeBytes(directory: string, initDirectory: string): Promise<number> {
  const command = [toolPath("du"), "-skx", directory] as const;
  const plain = await count(command);
  const { maps } = plain.isComplete || process.geteuid?.() === 0 ? {} : subordinateIds();
  if (maps === undefined) return plain.bytes;
  const file = `${directory}.bytes`;
  const output = openSync(file, "w+", 0o600);
  try {
    using init = await openInit(initDirectory);
    const steps = [
      call("write to the file of the result", "dup3", [FIRST_DESCRIPTOR, 1, 0]),
      becomeTool(`count ${directory}`, command),
    ];
    await runMapped(steps, { init, maps, descriptors: [output] });
    return bytesIn(readFileSync(file, "latin1"));
  } finally {
    closeSync(output);
    unlinkSync(file);
  }
}

function count([program, ...parameters]: readonly [path: string, ...parameters: string[]]): Promise<{
  readonly bytes: number;
  readonly isComplete: boolean;
}> {
  return new Promise((resolve, reject) => {
    const options = { timeout: COUNT_TIMEOUT_MS, env: { LC_ALL: "C" } };
    execFile(program, parameters, options, (error, stdout, stderr) => {
      // What is removed while it counts makes it fail, and what it says is right all the same.
      if (error === null || (error.code === 1 && stdout !== ""))
        resolve({ bytes: bytesIn(stdout), isComplete: !stderr.includes("Permission denied") });
      else reject(new Fault("unavailable", `Cannot count what a task has written: ${error.message}`));
    });
  });
}

const bytesIn = (line: string): number => Number.parseInt(line, 10) * KIB;

/**
 * Bytes of files that have no name any more and are still open in one of the processes, on the file system that the
 * process's root is on: no directory tells of them. What may not be looked at counts as nothing.
 */
export async function namelessBytes(pids: readonly number[]): Promise<number> {
  const found = new Map<string, number>();
  for (const pid of pids) {
    const root = await stat(`/proc/${pid}/root`).catch(() => undefined);
    const names = await readdir(`/proc/${pid}/fd`).catch(() => []);
    for (const name of names.slice(0, DESCRIPTORS_MAX)) {
      const path = `/proc/${pid}/fd/${name}`;
      if (!(await readlink(path).catch(() => "")).endsWith(" (deleted)")) continue;
      const file = await stat(path).catch(() => undefined);
      if (file?.isFile() === true && file.nlink === 0 && file.dev === root?.dev)
        found.set(`${file.dev}:${file.ino}`, file.blocks * BLOCK_BYTES);
    }
  }
  return [...found.values()].reduce((sum, bytes) => sum + bytes, 0);
}
