import { basename } from "node:path";
import { noteMessage } from "./note-text.ts";
import { type Config, pathText } from "@plinth/resource";
import type { Note } from "./notes.ts";

/** As the formatter of this repository has it, so that what is written looks like what is kept. */
const COLUMNS = 110;
const INDENT = "  ";
const ABOUT_VALUES =
  "Values of variables are written out: a password is better kept with `plinth secrets set NAME`, and handed over as { secret: NAME }.";

export interface PrintOptions {
  /** What it was made of, for the first line. */
  readonly from: string;
  readonly notes: readonly Note[];
  /** Commands to run before it can be deployed, by service. */
  readonly before: ReadonlyMap<string, readonly string[]>;
  /** The service of the config that a note is about. */
  readonly serviceOf: (note: Note) => string | undefined;
}

/** A config as the text of a plinth.config.ts, with a comment for each note beside what it is about. */
export function configText(config: Config, options: PrintOptions): string {
  const { notes, before, serviceOf } = options;
  const own = new Map<string, string[]>();
  const general: string[] = [];
  for (const note of notes) {
    const comment = `${place(note)}: ${note.kind === "refused" ? "NOT BROUGHT OVER: " : ""}${noteMessage(note)}`;
    const service = serviceOf(note);
    if (service === undefined || config.services[service] === undefined) general.push(comment);
    else own.set(service, [...(own.get(service) ?? []), comment]);
  }
  const { services, ...rest } = config;
  const lines = [
    ...comments(`Made of ${basename(options.from)} by \`plinth import\`. ${ABOUT_VALUES}`, ""),
    'import { defineApp } from "plinth";',
    "",
    ...general.flatMap((comment) => comments(comment, "")),
    "export default defineApp({",
    ...entry("name", rest.name, INDENT),
    `${INDENT}services: {`,
    ...Object.entries(services).flatMap(([name, service]) => [
      ...commandLines(before.get(name), INDENT.repeat(2)),
      ...(own.get(name) ?? []).flatMap((comment) => comments(comment, INDENT.repeat(2))),
      ...entry(name, service, INDENT.repeat(2)),
    ]),
    `${INDENT}},`,
    ...(rest.ingress === undefined ? [] : entry("ingress", rest.ingress, INDENT)),
    "});",
  ];
  return `${lines.join("\n")}\n`;
}

const place = ({ file, line, path }: Note): string =>
  `${basename(file)}${line === undefined ? "" : `:${line}`}, ${pathText(path) || "the file"}`;

/** What ends a line of TypeScript, and with it a comment. */
const LINE_ENDS = /[\r\n\u2028\u2029]+/g;

/** Commands stay on one line each, however long, so that they can be copied. */
function commandLines(commands: readonly string[] = [], indent: string): string[] {
  if (commands.length === 0) return [];
  return ["Its image is built by:", ...commands.map((command) => `${INDENT}${command}`)].map(
    (line) => `${indent}// ${line.replace(LINE_ENDS, " ")}`,
  );
}

/** A comment on as many lines as it needs. */
function comments(text: string, indent: string): string[] {
  const plain = text.replace(LINE_ENDS, " ");
  const lines: string[] = [];
  let line = "";
  for (const word of plain.split(" ")) {
    if (line !== "" && indent.length + 3 + line.length + 1 + word.length > COLUMNS) {
      lines.push(line);
      line = INDENT + word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line].map((each) => `${indent}// ${each}`.trimEnd());
}

function entry(key: string, value: unknown, indent: string): string[] {
  const name = /^[A-Za-z_$][\w$]*$/.test(key) ? key : JSON.stringify(key);
  const short = `${indent}${name}: ${inline(value)},`;
  const isService = indent.length === INDENT.length * 2;
  if (short.length <= COLUMNS && !isService) return [short];
  if (Array.isArray(value))
    return [
      `${indent}${name}: [`,
      ...value.map((each) => `${indent}${INDENT}${inline(each)},`),
      `${indent}],`,
    ];
  if (typeof value !== "object" || value === null) return [short];
  const inside = Object.entries(value).flatMap(([each, deeper]) => entry(each, deeper, indent + INDENT));
  return inside.length === 0 ? [short] : [`${indent}${name}: {`, ...inside, `${indent}},`];
}

function inline(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inline).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).map(
    ([key, each]) => `${/^[A-Za-z_$][\w$]*$/.test(key) ? key : JSON.stringify(key)}: ${inline(each)}`,
  );
  return entries.length === 0 ? "{}" : `{ ${entries.join(", ")} }`;
}
