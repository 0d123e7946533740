import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";

/** The numbers of an instance's log files, oldest first. */
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
