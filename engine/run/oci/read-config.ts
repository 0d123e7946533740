import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Fault } from "@plinth/fault";
import type { OciConfig, Process, Resources } from "./config.ts";
import { checkConfig, checkProcess } from "./config-rules.ts";
import { configShape, processShape, resourcesShape } from "./config-shape.ts";
import type { Shape } from "./shape.ts";

/** Profiles of seccomp make the largest part, some dozen KiB; a file beyond this is a mistake or an attack. */
export const CONFIG_BYTES_MAX: number = 4 * 2 ** 20;
/** So many are shown; the rest is counted. */
const PROBLEMS_SHOWN_MAX = 20;

/** Reads and checks config.json of a bundle. Fault "not-found", "too-large" or "invalid", with every problem. */
export function readConfig(bundle: string): OciConfig {
  const path = join(bundle, "config.json");
  return parseConfig(readBounded(path), path);
}

/** The same for a text; `name` is how messages call it. */
export function parseConfig(text: string, name: string): OciConfig {
  return checked(text, name, configShape, checkConfig);
}

/** The process of `exec --process`. */
export function readProcess(path: string): Process {
  return checked<Process>(readBounded(path), path, processShape, (process, say) =>
    checkProcess(process, "process", say),
  );
}

/** The resources of `update --resources`. */
export function parseResources(text: string, name: string): Resources {
  return checked(text, name, resourcesShape, () => {});
}

function checked<T>(
  text: string,
  name: string,
  shape: Shape,
  check: (value: T, say: (problem: string) => void) => void,
): T {
  const value = parseJson(text, name);
  const problems: string[] = [];
  const say = (problem: string): void => void problems.push(problem);
  shape(value, "", say);
  if (problems.length === 0) check(value as T, say);
  if (problems.length === 0) return value as T;
  const shown = problems.slice(0, PROBLEMS_SHOWN_MAX).join("; ");
  const rest = problems.length - PROBLEMS_SHOWN_MAX;
  throw new Fault("invalid", `Cannot use ${name}: ${shown}${rest > 0 ? `; and ${rest} more` : ""}`);
}

/** JSON in which null means absent, as it does to runtimes written in Go, and no integer loses digits. */
function parseJson(text: string, name: string): unknown {
  try {
    const isPlain = !/\bnull\b|\d{16}/.test(text);
    return isPlain ? JSON.parse(text) : JSON.parse(text, revive);
  } catch (error) {
    throw new Fault("invalid", `Cannot use ${name}: not JSON: ${(error as Error).message}`, { cause: error });
  }
}

function revive(_name: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (value === null) return undefined;
  const source = context?.source;
  if (typeof value !== "number" || Number.isSafeInteger(value) || source === undefined) return value;
  return /^-?\d+$/.test(source) ? BigInt(source) : value;
}

function readBounded(path: string): string {
  let descriptor: number;
  try {
    // Not to wait for the writer of a FIFO that somebody put there.
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ENOENT" && code !== "ENOTDIR") throw error;
    throw new Fault("not-found", `Cannot read ${path}: no such file`, { cause: error });
  }
  try {
    const stat = fstatSync(descriptor);
    if (!stat.isFile()) throw new Fault("invalid", `Cannot read ${path}: not a regular file`);
    if (stat.size > CONFIG_BYTES_MAX)
      throw new Fault(
        "too-large",
        `Cannot read ${path}: ${stat.size} bytes, above the limit of ${CONFIG_BYTES_MAX}`,
      );
    return readFileSync(descriptor, "utf8");
  } finally {
    closeSync(descriptor);
  }
}
