/** Compiles a job's program, runs it once on the job's event, and tells what came of it. */
import {
  compile,
  display,
  Failure,
  type Host,
  type Outcome,
  parseJson,
  type Program,
  render,
  stringify,
  stringifyPretty,
  standardLibrary,
  type Value,
  webHost,
} from "@plinth/vrl";
import type { EventProblem, Job, Report, Run } from "./messages.ts";

/** What is shown of one text: more than anyone reads would only make the page slow. */
const TEXT_LENGTH_MAX = 200_000;
/** Each mistake of a long text that is no program; nobody reads on. */
const TOLD_MAX = 100;
/** A program can log in a loop. */
const LOG_LINES_MAX = 1_000;

export function reportOn({ id, program: source, event: json, timezone }: Job): Report {
  const log: string[] = [];
  const { program, diagnostics } = compile(source, {
    functions: standardLibrary,
    host: hostOf(log),
    timezone,
  });
  const event = readEvent(json);
  const isReadable = !("problem" in event);
  return {
    id,
    diagnostics: diagnostics.slice(0, TOLD_MAX).map((diagnostic) => ({
      diagnostic,
      text: cut(render([diagnostic], source).trim()),
    })),
    untold: Math.max(0, diagnostics.length - TOLD_MAX),
    javascript: program === undefined ? undefined : cut(program.javascript),
    eventProblem: isReadable ? undefined : event.problem,
    run: program !== undefined && isReadable ? runOnce(program, event.value, log) : undefined,
  };
}

function runOnce(program: Program, event: Value, log: readonly string[]): Run {
  const target = { event, metadata: {} as Value };
  const outcome = program.run(target);
  const metadata = stringifyPretty(target.metadata);
  return {
    ...endOf(outcome),
    event: cut(stringifyPretty(target.event)),
    metadata: metadata === "{}" ? undefined : cut(metadata),
    log,
  };
}

function endOf(outcome: Outcome): Pick<Run, "ending" | "text"> {
  if ("value" in outcome) return { ending: "value", text: cut(display(outcome.value)) };
  if ("error" in outcome) return { ending: "error", text: cut(outcome.error) };
  return { ending: "aborted", text: cut(outcome.aborted ?? "without a message") };
}

/** The browser's clock and randomness, a log that is shown, and secrets that last as long as the run. */
function hostOf(log: string[]): Host {
  const secrets = new Map<string, string>();
  return {
    ...webHost(),
    log(level, value) {
      if (log.length < LOG_LINES_MAX)
        log.push(cut(`${level}: ${typeof value === "string" ? value : stringify(value)}`));
    },
    secrets: {
      get: (name) => secrets.get(name),
      set: (name, secret) => void secrets.set(name, secret),
      remove: (name) => void secrets.delete(name),
    },
  };
}

function readEvent(json: string): { readonly value: Value } | { readonly problem: EventProblem } {
  const value = parseJson(json.toWellFormed());
  if (value instanceof Failure) return { problem: problemOf(value.message, json) };
  // Programs are compiled for events that are objects.
  if (stringify(value).startsWith("{")) return { value };
  return {
    problem: { message: "The event must be an object: { … }", offset: json.length - json.trimStart().length },
  };
}

/** Messages end in a line and a column, which counts bytes. */
function problemOf(message: string, json: string): EventProblem {
  const [, reason = message, line = "1", column = "1"] =
    /^(.*) at line (\d+) column (\d+)$/.exec(message) ?? [];
  const lines = json.split("\n");
  const before = lines.slice(0, Number(line) - 1).join("\n").length + (line === "1" ? 0 : 1);
  const text = lines[Number(line) - 1] ?? "";
  const bytes = new TextEncoder().encode(text).subarray(0, Math.max(0, Number(column) - 1));
  const units = new TextDecoder().decode(bytes).length;
  return { message: `Line ${line}: ${reason}`, offset: Math.min(json.length, before + units) };
}

function cut(text: string): string {
  if (text.length <= TEXT_LENGTH_MAX) return text;
  return `${text.slice(0, TEXT_LENGTH_MAX)}\n… and ${text.length - TEXT_LENGTH_MAX} characters more`;
}
