/** A thread of its own that runs `logs.remap`; `Remapper` starts it, gives it work and ends it where it takes too long. */
import { parentPort } from "node:worker_threads";
import { type Program, stringify, type Value } from "@plinth/vrl";
import { compileRemap, type WrittenLine } from "./compile-remap.ts";
import type { Batch, Remapped } from "./remapper.ts";

/** As many as an app may have services; what was compiled first makes room. */
const PROGRAMS_MAX = 500;

const programs = new Map<string, ReturnType<typeof compileRemap>>();

function programOf(source: string): ReturnType<typeof compileRemap> {
  const known = programs.get(source);
  if (known !== undefined) return known;
  const program = compileRemap(source);
  if (programs.size >= PROGRAMS_MAX) programs.delete(programs.keys().next().value!);
  programs.set(source, program);
  return program;
}

function remap(program: Program, line: WrittenLine): Remapped {
  const target = { event: { ...line } as Value, metadata: {} };
  const outcome = program.run(target);
  if ("error" in outcome) return { error: outcome.error };
  if ("aborted" in outcome) return { fields: [] };
  const { event } = target;
  return { fields: (Array.isArray(event) ? event : [event]).map(fieldsText) };
}

/** An event is an object; anything else a program leaves is the message of one. */
function fieldsText(event: Value): string {
  const isObject =
    typeof event === "object" && event !== null && Object.getPrototypeOf(event) === Object.prototype;
  return stringify(isObject ? event : { message: event });
}

parentPort!.on("message", ({ program: source, lines }: Batch) => {
  const program = programOf(source);
  const remapped = lines.map((line): Remapped =>
    "errors" in program ? { error: program.errors } : remap(program, line),
  );
  parentPort!.postMessage(remapped);
});
// What it loads takes longer than a batch may.
parentPort!.postMessage(undefined);
