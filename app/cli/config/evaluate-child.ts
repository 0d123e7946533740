/**
 * Runs in a process of its own: evaluates one config and writes what it exports to descriptor 3 as plain data. Our own
 * `index.ts` answers for "plinth", wherever the config lies.
 */
import { readFileSync, writeSync } from "node:fs";
import { registerHooks } from "node:module";
import { extname } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Evaluated } from "./evaluate.ts";
import { plainData } from "./plain-data.ts";

const RESULT_DESCRIPTOR = 3;
const file = process.argv[2]!;
const url = pathToFileURL(file).href;
const plinth = new URL(`../index${extname(import.meta.url)}`, import.meta.url).href;

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === "plinth" ? { url: plinth, shortCircuit: true } : next(specifier, context),
  // A config is a module whatever the package.json around it says.
  load: (target, context, next) =>
    target === url && /\.m?ts$/.test(file)
      ? next(target, { ...context, format: "module-typescript" })
      : next(target, context),
});

/** One JSON value and a newline, which says that it is whole. */
function send(result: Evaluated): void {
  const bytes = Buffer.from(`${JSON.stringify(result)}\n`);
  for (let written = 0; written < bytes.length;) written += writeSync(RESULT_DESCRIPTOR, bytes, written);
}

interface Frame {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly text: string;
}

/** The first place in a stack that is the user's own: neither Node's, nor a dependency's, nor ours. */
function ownFrame(stack: string): Frame | undefined {
  const ours = fileURLToPath(new URL("..", import.meta.url));
  for (const [, path, line, column] of stack.matchAll(/(\/[^\s()]+?):(\d+)(?::(\d+))?/g)) {
    const place = path!.startsWith("//") ? path!.slice(2) : path!;
    if (place.startsWith(ours) || place.includes("/node_modules/")) continue;
    try {
      const text = readFileSync(place, "utf8");
      return { file: place, line: Number(line), column: Number(column ?? 1), text };
    } catch {
      // Not a file: the message happened to look like a place.
    }
  }
  return undefined;
}

try {
  const exported = (await import(url)) as { default?: Promise<unknown> };
  if (exported.default === undefined) {
    send({ kind: "nothing" });
  } else {
    const made: unknown =
      typeof exported.default === "function"
        ? await (exported.default as (environment: object) => unknown)({ env: process.env })
        : await exported.default;
    send({ kind: "value", ...plainData(made) });
  }
} catch (thrown) {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const frame = ownFrame(error.stack ?? "");
  const code = (error as NodeJS.ErrnoException).code;
  send({
    kind: "thrown",
    name: error.name,
    message: error.message,
    ...(code === undefined ? {} : { code }),
    ...(frame === undefined ? {} : { frame }),
  });
}
