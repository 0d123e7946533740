import { readFileSync } from "node:fs";
import type { Problem } from "./problem.ts";

export interface CorpusEntry {
  readonly name: string;
  readonly bytes: Buffer;
  /** "until-close": whole only once the connection ends; "incomplete": more bytes would be needed. */
  readonly expect: Problem | "ok" | "until-close" | "incomplete";
}

function load(file: string): CorpusEntry[] {
  const text = readFileSync(new URL(`./corpus/${file}`, import.meta.url), "utf8");
  const entries = JSON.parse(text) as { name: string; bytes: string; expect: CorpusEntry["expect"] }[];
  return entries.map(({ name, bytes, expect }) => ({ name, bytes: Buffer.from(bytes, "latin1"), expect }));
}

export function requestCorpus(): CorpusEntry[] {
  return load("requests.json");
}

export function responseCorpus(): CorpusEntry[] {
  return load("responses.json");
}
