import { readFileSync } from "node:fs";

const USUAL = 0;

/**
 * What an instance's OOM score is to be set to where ours protects us, which instances would inherit: the usual one, so
 * that the one that takes the memory is killed. Undefined: it inherits what everybody has.
 */
export function unprotectedOomScore(): number | undefined {
  try {
    return Number(readFileSync("/proc/self/oom_score_adj", "utf8")) < USUAL ? USUAL : undefined;
  } catch {
    return undefined; // a /proc that does not show it
  }
}
