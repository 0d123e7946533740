import { readFile } from "node:fs/promises";
import { logFile, logNumbers } from "./log-files.ts";
export async function lastLines(directory: string, n: number): Promise<string[]> {
  const numbers = await logNumbers(directory);
  const last = numbers.at(-1);
  if (last === undefined) return [];
  return (await readFile(logFile(directory, last), "utf8")).trimEnd().split("\n").slice(-n);
}
export async function* tailLog({
  directory,
  lines,
}: {
  directory: string;
  follow: boolean;
  lines: number | undefined;
  signal: AbortSignal;
}): AsyncGenerator<Uint8Array> {
  yield Buffer.from((await lastLines(directory, lines ?? 1000)).join("\n") + "\n");
}
