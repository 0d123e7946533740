import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import type { RuntimeName } from "@plinth/process";

const main = fileURLToPath(new URL(`main${extname(import.meta.url)}`, import.meta.url));

/**
 * Node's young generation, in MiB: what requests leave behind is garbage within a turn, so more than this only makes
 * the process larger (35 MiB of it with thousands of connections), not faster.
 */
const YOUNG_MIB = 8;

/**
 * Node collects garbage on the threads that make it: helper threads, each ready to use a processor's whole quota at once,
 * have the kernel pause the process, and with it everybody. With them a flood of connections or of half-open ones cost others two to ten
 * times as much (decision 0021).
 */
const COLLECTION = "--single-threaded-gc";

/** The program to start: `RUNTIME ...proxyProgram(name) --home DIR`. */
export function proxyProgram(runtime: RuntimeName): readonly string[] {
  return runtime === "node" ? [`--max-semi-space-size=${YOUNG_MIB}`, COLLECTION, main] : [main];
}
