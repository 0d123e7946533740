import type { Config, ServiceSpec } from "@plinth/resource";
import { existsSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { parseEnvironmentFile } from "./env-file.ts";
import { Notes } from "./notes.ts";
import { type Part, scalarText } from "./part.ts";
import { plinthName } from "./plinth-name.ts";
import { lineSource, readTextFile, unsetText } from "./read-compose.ts";
import type { Translated } from "./translated.ts";
import { VARIABLE, variableProblem } from "../schema-bounds.ts";

const LINE = /^([A-Za-z0-9_-]+):\s*(\S.*?)\s*$/;
/** What serves requests, and what runs once before all others. */
const WEB = "web";
const RELEASE = "release";

export interface ProcfileOptions {
  /** Where the config stands that the file becomes. Default: beside the file. */
  readonly directory?: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** A Procfile as Plinth's own config: a service per line, each run by a shell as the file is written for one. */
export function translateProcfile(file: string, options: ProcfileOptions): Translated {
  const notes = new Notes();
  const text = readTextFile(file);
  const source = lineSource(file, text);
  const home = dirname(file);
  const commands = new Map<string, Part>();
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === "" || line.trimStart().startsWith("#")) continue;
    const [, key, command] = LINE.exec(line) ?? [];
    const part: Part = { source, path: [index + 1], value: command ?? line };
    if (key === undefined) notes.wrong(part, "a line NAME: COMMAND");
    else if (commands.has(plinthName(key)))
      notes.refused(part, `there is a ${plinthName(key)} already`, "rename one");
    else commands.set(plinthName(key), part);
  }
  const env = environmentBeside(home, options, notes);
  const from = relative(options.directory ?? home, home);
  const services: Record<string, ServiceSpec> = {};
  for (const [name, part] of commands) {
    const others = commands.has(WEB) && name !== WEB && name !== RELEASE;
    services[name] = {
      command: ["/bin/sh", "-c", scalarText(part)],
      ...(from !== "" && { cwd: from }),
      ...(name !== WEB && { health: false }),
      ...(Object.keys(env).length > 0 && { env }),
      ...(others && { calls: [WEB] }),
      ...(commands.has(RELEASE) && name !== RELEASE && { after: { [RELEASE]: "completed" } }),
      ...(name === RELEASE && { restart: "never" }),
    };
  }
  const app = plinthName(basename(home));
  const config: Config = {
    name: app,
    services,
    ...(commands.has(WEB) && { ingress: { [`${app}.localhost`]: WEB } }),
  };
  const names = new Map([...commands].map(([name, { path }]) => [path[0], name]));
  return {
    config,
    notes: notes.sorted,
    builds: [],
    folders: [],
    portless: new Set(),
    unchecked: new Set(),
    origin: ([, name]) => commands.get(String(name)),
    serviceOf: (note) => (note.file === file ? names.get(note.path[0]) : undefined),
    texts: new Map([[file, text]]),
  };
}

/** What the file .env beside it says; the environment has the last word, as for those who start Procfiles. */
function environmentBeside(
  directory: string,
  { environment }: ProcfileOptions,
  notes: Notes,
): Record<string, string> {
  const file = join(directory, ".env");
  if (!existsSync(file)) return {};
  const text = readTextFile(file);
  const source = lineSource(file, text);
  const at = (line: number): Part => ({ source, path: [line], value: null });
  const { values, problems, unset } = parseEnvironmentFile(text, (name) => environment[name]);
  for (const { line, message } of problems) notes.refused(at(line), message);
  for (const { line, name } of unset) notes.ignored(at(line), unsetText(name));
  const env: Record<string, string> = {};
  for (const [name, value] of values) {
    if (name === "PORT") notes.ignored(at(1), "PORT is what Plinth gives each instance", "`port` fixes one");
    else if (VARIABLE.test(name)) env[name] = environment[name] ?? value;
    else notes.refused(at(1), variableProblem(name));
  }
  return env;
}
