import type { ServiceSpec } from "@plinth/resource";
import { existsSync } from "node:fs";
import { parseEnvironmentFile, parseRawEnvironmentFile } from "./env-file.ts";
import { type Part, child, isList, isMap, isNull } from "./part.ts";
import { absolutePath } from "./paths.ts";
import { lineSource, readTextFile, unsetText } from "./read-compose.ts";
import { refusePlaces } from "./service-command.ts";
import { VARIABLE, variableProblem } from "../schema-bounds.ts";
import type { ComposeService, Translating } from "./translated.ts";

/** What Plinth sets in every instance, after all that is said here. */
const PLINTHS = /^(HOST|PLINTH_(APP|SERVICE|RELEASE))$/;

/** `environment` over `env_file`. */
export function environmentOf(
  { part }: ComposeService,
  context: Translating,
  port: number | undefined,
): Partial<ServiceSpec> {
  const env: Record<string, string> = {};
  const set = (name: string, value: string, at: Part): void => {
    if (!VARIABLE.test(name)) {
      const instead = "let the program read a file in its place, or set it in its command";
      context.notes.refused(at, variableProblem(name), instead);
      return;
    }
    if (PLINTHS.test(name)) context.notes.ignored(at, `${name} is what Plinth says it is in every instance`);
    if (name === "PORT" && value !== String(port))
      context.notes.ignored(
        at,
        "PORT is what Plinth says it is in every instance",
        "`expose` names the port that it listens on",
      );
    refusePlaces(value, at, context.notes);
    env[name] = value;
  };
  for (const file of context.values.oneOrMore(child(part, "env_file"))) readFile(file, context, set);
  for (const [name, value] of pairs(child(part, "environment"), context)) {
    const text = isNull(value)
      ? context.lookup(name)
      : context.values.text(value, "text, a number or a boolean");
    if (text !== undefined) set(name, text, value);
    else if (isNull(value)) context.notes.remark(value, `${name} is not set here, so that it stays unset`);
  }
  return Object.keys(env).length === 0 ? {} : { env };
}

/** A name alone takes its value from the environment, as one with nothing behind it in a map. */
function pairs(part: Part | undefined, { values }: Translating): ReadonlyMap<string, Part> {
  if (isList(part)) for (const each of part.value) values.text(each, "NAME=VALUE");
  return values.pairs(part);
}

type Set = (name: string, value: string, at: Part) => void;

function readFile(part: Part, context: Translating, set: Set): void {
  const { notes, values, lookup } = context;
  const name = values.text(isMap(part) ? child(part, "path") : part, "a file's name");
  if (name === undefined) return;
  const isRequired = values.flag(child(part, "required")) ?? true;
  const format = values.text(child(part, "format"));
  if (format !== undefined && format !== "raw") {
    notes.refused(
      part,
      `there is no format ${JSON.stringify(format)} of such files`,
      "leave it out, or say raw",
    );
    return;
  }
  const file = absolutePath(name, part);
  if (!existsSync(file)) {
    if (isRequired) notes.refused(part, `there is no file "${file}"`, "write it, or say `required: false`");
    return;
  }
  const text = readTextFile(file);
  // Not among the texts that frames are cut from: such files hold passwords.
  const source = lineSource(file, text);
  const at = (line: number): Part => ({ source, path: [line], value: null });
  const read = format === "raw" ? parseRawEnvironmentFile(text) : parseEnvironmentFile(text, lookup);
  for (const { line, message } of read.problems) notes.refused(at(line), message);
  for (const { line, name: missing } of read.unset) notes.ignored(at(line), unsetText(missing));
  for (const [variable, value] of read.values) set(variable, value, part);
}
