/** `plinth vrl`. */
import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { Fault } from "@plinth/fault";
import { linesOf } from "@plinth/lines";
import {
  compile,
  type CompileOptions,
  type Diagnostic,
  display,
  Failure,
  parseJson,
  type Program,
  render,
  standardLibrary,
  stringify,
  type Value,
} from "@plinth/vrl";
import type { Context } from "../command.ts";
import { EXIT_FAILED, exitCodeOf, UsageFault } from "../exit-code.ts";
import { fileFault } from "../file-fault.ts";
import { commandLineHost } from "./host.ts";

/** An event is held in memory, as text and as values. */
const EVENT_BYTES_MAX = 64 * 1024 * 1024;

export async function run(context: Context): Promise<number | void> {
  const { output, json } = context;
  const options: CompileOptions = {
    functions: standardLibrary,
    host: commandLineHost(output, process.env),
    timezone: context.text("timezone") ?? "UTC",
    readOnly: [{ root: "metadata", path: ["vector"], isRecursive: true }],
  };
  const source = await readProgram(context);
  if (source === undefined) {
    if (context.is("check") || context.is("emit-js"))
      throw new UsageFault("Cannot compile: there is no program", context.words, {
        hint: "Give it as an argument, or with --program FILE.",
      });
    const { openPrompt } = await import("./prompt.ts");
    return openPrompt(context, options, eventsOf(context));
  }
  const { program, diagnostics } = compile(source, options);
  if (context.is("check")) {
    if (json) output.json({ valid: program !== undefined, diagnostics: diagnostics.map(diagnosticJson) });
    else if (diagnostics.length > 0) tell(context, diagnostics, source);
    else output.note("no errors, no warnings");
    return program === undefined ? exitCodeOf(new Fault("invalid", "")) : undefined;
  }
  if (program === undefined) {
    tell(context, diagnostics, source);
    return exitCodeOf(new Fault("invalid", ""));
  }
  if (context.is("print-warnings") && diagnostics.length > 0) tell(context, diagnostics, source);
  if (context.is("emit-js")) return output.result(program.javascript);
  return runOnEvents(context, program);
}

async function readProgram(context: Context): Promise<string | undefined> {
  const [text, file] = [context.text("PROGRAM"), context.text("program")];
  if (text !== undefined && file !== undefined)
    throw new UsageFault(
      "Cannot run two programs: there is one in the arguments and one in --program",
      context.words,
    );
  if (file === undefined) return text;
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    throw fileFault(error, `Cannot read ${file}`);
  }
}

function tell({ output }: Context, diagnostics: readonly Diagnostic[], source: string): void {
  output.error(render(diagnostics, source, { color: output.stderr.hasColour }).trimEnd());
}

function diagnosticJson({ severity, code, message, labels, notes }: Diagnostic): object {
  return {
    severity,
    code,
    message,
    labels: labels.map(({ message: text, span, isPrimary }) => ({ message: text, ...span, isPrimary })),
    notes,
  };
}

async function runOnEvents(context: Context, program: Program): Promise<number | void> {
  const { output, json } = context;
  const shown = json ? stringify : display;
  let hasFailed = false;
  for await (const event of eventsOf(context)) {
    const target = { event, metadata: {} };
    const outcome = program.run(target);
    if ("error" in outcome) {
      hasFailed = true;
      output.error(outcome.error);
    } else if ("aborted" in outcome) output.error(outcome.aborted ?? "aborted");
    else output.result(shown(context.is("print-object") ? target.event : outcome.value));
  }
  return hasFailed ? EXIT_FAILED : undefined;
}

/** The events, as they arrive. */
async function* eventsOf(context: Context): AsyncGenerator<Value> {
  const file = context.text("input");
  if (file === undefined && process.stdin.isTTY) return yield {};
  const bytes = file === undefined ? process.stdin : createReadStream(file);
  let [number, events] = [0, 0];
  const refusal = `Cannot take an event of more than ${EVENT_BYTES_MAX} bytes`;
  try {
    for await (const line of linesOf(ended(bytes as AsyncIterable<Uint8Array>), EVENT_BYTES_MAX, refusal)) {
      context.signal.throwIfAborted();
      number++;
      if (line.trim() === "") continue;
      const event = parseJson(line);
      if (event instanceof Failure)
        throw new Fault("invalid", `Cannot read the event in line ${number}: ${event.message}`, {
          hint: "Each line must be a JSON value.",
        });
      events++;
      yield event;
    }
  } catch (error) {
    throw fileFault(error, `Cannot read ${file ?? "standard input"}`);
  }
  if (events === 0) yield {};
}

/** The last line counts also where nothing ends it. */
async function* ended(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* bytes;
  yield NEWLINE;
}

const NEWLINE = new Uint8Array([10]);
