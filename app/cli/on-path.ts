import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

/** Whether a program is found as a shell would find it. */
export function onPath(program: string): boolean {
  return (process.env["PATH"] ?? "")
    .split(delimiter)
    .some((directory) => directory !== "" && existsSync(join(directory, program)));
}
