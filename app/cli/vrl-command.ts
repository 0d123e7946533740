import type { Command } from "./command.ts";

/** Vector's remap language by itself. Flags have the names and meanings they have there. */
export const vrlCommand: Command = {
  name: "vrl",
  summary: "run a program of the Vector Remap Language on events",
  description: [
    "Reads events, a JSON value per line, from --input or standard input, and prints what the program yields for each. Without a program, opens a prompt where programs are tried line by line.",
    "Errors of events are told on standard error and the next event is taken; the exit code is 1 then, and 3 where the program itself does not compile.",
  ],
  arguments: [
    { name: "PROGRAM", kind: "text", optional: true, summary: "the program's text; or use --program" },
  ],
  flags: [
    { name: "program", short: "p", value: "FILE", kind: "path", summary: "the file with the program" },
    {
      name: "input",
      short: "i",
      value: "FILE",
      kind: "path",
      summary: "the events, a JSON value per line; default: standard input, or one empty event at a terminal",
    },
    {
      name: "print-object",
      short: "o",
      summary: "print the event as the program leaves it, not what it yields",
    },
    {
      name: "timezone",
      short: "z",
      value: "NAME",
      kind: "text",
      summary: "of times that tell none, such as Europe/Berlin or local; default: UTC",
    },
    { name: "print-warnings", summary: "tell the compiler's warnings, too" },
    { name: "check", summary: "only compile: tell errors and warnings; no event is read" },
    { name: "emit-js", summary: "print the JavaScript that the program is compiled to" },
  ],
  examples: [
    {
      command: `echo '{"level":"info"}' | plinth vrl --print-object '.level = upcase!(.level)'`,
      says: "change a field",
    },
    { command: "plinth vrl --program remap.vrl --input events.ndjson", says: "a file of each" },
    { command: "plinth vrl --check --json --program remap.vrl", says: "diagnostics for an editor" },
    { command: "plinth vrl", says: "try things out" },
  ],
  load: () => import("./vrl/run.ts"),
};
