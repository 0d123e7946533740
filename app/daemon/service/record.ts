import { readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { writeFileDurably } from "@plinth/file";
import { homePaths } from "../home-paths.ts";
import { isSystemdHere } from "./systemd.ts";
import type { Scope } from "./unit.ts";

/** Which unit keeps a home's daemon running. */
export interface ServiceRecord {
  readonly unit: string;
  readonly scope: Scope;
}

/** The unit of a home, where there is one and systemd to run it: a home may be seen from a container, too. */
export function serviceOf(home: string): ServiceRecord | undefined {
  if (!isSystemdHere()) return undefined;
  try {
    return JSON.parse(readFileSync(homePaths(home).service, "utf8")) as ServiceRecord;
  } catch {
    return undefined;
  }
}

export async function writeService(home: string, record: ServiceRecord): Promise<void> {
  await writeFileDurably(homePaths(home).service, `${JSON.stringify(record)}\n`);
}

export async function forgetService(home: string): Promise<void> {
  await rm(homePaths(home).service, { force: true });
}
