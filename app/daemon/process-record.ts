import { readFileSync } from "node:fs";
import { writeFileDurably } from "@plinth/file";
import { type ProcessIdentity, processIdentity } from "@plinth/process";

/** What a process of ours writes down about itself, so that others find it and know it from a later one. */
export interface ProcessRecord extends ProcessIdentity {
  /** Such as "node v26.10.0". */
  readonly runtime: string;
}

export function readProcessRecord(path: string): ProcessRecord | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as ProcessRecord;
  } catch {
    return undefined;
  }
}

/** Writes down this process, with further facts beside. */
export async function writeProcessRecord(
  path: string,
  facts: Readonly<Record<string, string>> = {},
): Promise<void> {
  const record = { ...processIdentity(process.pid), runtime: `node ${process.version}`, ...facts };
  await writeFileDurably(path, `${JSON.stringify(record)}\n`);
}
