import { readFileSync } from "node:fs";
import type { Problem } from "./problem.ts";

export interface CorpusEntry {
  readonly name: string;
  /** What the verdict goes by. */
  readonly section: string;
  readonly bytes: Buffer;
  /** Good messages before the one that the verdict is about. Default: none. */
  readonly good?: number;
  /** "until-close": whole only once the connection ends; "incomplete": more bytes would be needed. */
  readonly expect: Problem | "ok" | "until-close" | "incomplete";
}

function load(file: string): CorpusEntry[] {
  const text = readFileSync(new URL(`./corpus/${file}`, import.meta.url), "utf8");
  const entries = JSON.parse(text) as (Omit<CorpusEntry, "bytes"> & { bytes: string })[];
  return entries.map((entry) => ({ ...entry, bytes: Buffer.from(entry.bytes, "latin1") }));
}

export function requestCorpus(): CorpusEntry[] {
  return load("requests.json");
}

export function responseCorpus(): CorpusEntry[] {
  return load("responses.json");
}
