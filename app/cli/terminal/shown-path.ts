import { relative } from "node:path";

/** A path as its reader would write it: from the current directory where that is shorter. */
export function shownPath(path: string): string {
  const from = relative(process.cwd(), path);
  return from !== "" && from.length < path.length ? from : path;
}
