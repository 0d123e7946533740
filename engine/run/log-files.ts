import { mkdir, readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { writeFileDurably } from "@plinth/file";

/** The numbers of an instance's log files, oldest first; the n-th start wrote to `<n>.log`. */
export async function logNumbers(directory: string): Promise<number[]> {
  const names = await readdir(directory).catch(() => []);
  return names
    .flatMap((name) => {
      const match = /^([1-9][0-9]{0,14})\.log$/.exec(name);
      return match === null ? [] : [Number(match[1])];
    })
    .sort((left, right) => left - right);
}

export function logFile(directory: string, number: number): string {
  return join(directory, `${number}.log`);
}

/** The file for the output of the next start. */
export async function nextLogFile(directory: string): Promise<string> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  return logFile(directory, ((await logNumbers(directory)).at(-1) ?? 0) + 1);
}

const droppedFile = (directory: string, number: number): string => join(directory, `${number}.dropped`);

/** How many bytes at a log file's beginning are freed: the offset of the first line that is kept. */
export async function droppedBytes(directory: string, number: number): Promise<number> {
  const text = await readFile(droppedFile(directory, number), "latin1").catch(() => "0");
  const bytes = Number(text);
  return Number.isSafeInteger(bytes) && bytes > 0 ? bytes : 0;
}

/** Must be on disk before the bytes are freed: readers would take the hole's zeros for output. */
export async function writeDroppedBytes(directory: string, number: number, bytes: number): Promise<void> {
  await writeFileDurably(droppedFile(directory, number), String(bytes));
}

export async function removeLogFile(directory: string, number: number): Promise<void> {
  await rm(logFile(directory, number), { force: true });
  await rm(droppedFile(directory, number), { force: true });
}

/** What a log file takes up on disk; its length also counts what has been freed. */
export async function allocatedBytes(path: string): Promise<number> {
  const found = await stat(path).catch(() => undefined);
  // st_blocks is in units of 512 bytes whatever the file system's own are.
  return found === undefined ? 0 : found.blocks * 512;
}
