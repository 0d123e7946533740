import { readdirSync, readlinkSync } from "node:fs";

/** What a process has open, as /proc names it; nothing of one that is gone or another user's. */
export function openFiles(pid: number | "self"): string[] {
  const directory = `/proc/${pid}/fd`;
  try {
    return readdirSync(directory).flatMap((fd) => {
      try {
        return [readlinkSync(`${directory}/${fd}`)];
      } catch {
        return []; // closed meanwhile, as what these are read by
      }
    });
  } catch {
    return [];
  }
}
