import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import type { RuntimeName } from "@plinth/process";

const main = fileURLToPath(new URL(`main${extname(import.meta.url)}`, import.meta.url));

/**
 * Node's young generation, in MiB: what requests leave behind is garbage within a turn, so more than this only makes
 * the process larger (35 MiB of it with thousands of connections), not faster.
 */
const YOUNG_MIB = 8;

/** The program to start: `RUNTIME ...proxyProgram(name) --home DIR`. */
export function proxyProgram(runtime: RuntimeName): readonly string[] {
  return runtime === "node" ? [`--max-semi-space-size=${YOUNG_MIB}`, main] : [main];
}
