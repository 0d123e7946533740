import { existsSync } from "node:fs";
import { Fault } from "@plinth/fault";

/** Of the system only: never from anybody's PATH. */
const DIRECTORIES: readonly string[] = ["/bin", "/usr/bin", "/sbin", "/usr/sbin"];

/** A tool of every Linux, or undefined where it is not installed. */
export function findTool(name: string): string | undefined {
  return DIRECTORIES.map((directory) => `${directory}/${name}`).find((path) => existsSync(path));
}

export function toolPath(name: string): string {
  const path = findTool(name);
  if (path === undefined) throw new Fault("unsupported", `Cannot find ${name} in ${DIRECTORIES.join(", ")}`);
  return path;
}
