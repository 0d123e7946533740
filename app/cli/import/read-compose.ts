import { existsSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { Fault, messageOf } from "@plinth/fault";
import { ConfigFault } from "../config/config-fault.ts";
import { parseYamlConfig } from "../config/yaml-config.ts";
import { parseEnvironmentFile } from "./env-file.ts";
import { type Lookup, interpolate } from "./interpolate.ts";
import { mergeFiles, mergeServices } from "./merge.ts";
import type { Notes } from "./notes.ts";
import { type Part, type Source, child, isMap, partsOf } from "./part.ts";
import type { Values } from "./values.ts";

/** As for configs: what is larger is data, or another file. */
const FILE_BYTES_MAX = 2 ** 20;

/** Reads a text file that a user named or that stands beside one. */
export function readTextFile(file: string): string {
  try {
    const { size } = statSync(file);
    if (size > FILE_BYTES_MAX) {
      const found = `${(size / 2 ** 20).toFixed(1)} MiB`;
      throw new Fault("invalid", `Cannot read "${file}": it has ${found}, and at most 1 MiB is read`);
    }
    return new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(file));
  } catch (error) {
    if (error instanceof Fault) throw error;
    const why = error instanceof TypeError ? "it is not UTF-8 text" : messageOf(error);
    throw new Fault("invalid", `Cannot read "${file}": ${why}`, { cause: error });
  }
}

/** A file that is text in lines, whose parts are known by their line. */
export function lineSource(file: string, text: string): Source {
  return {
    file,
    text,
    map: {
      place: ([line]) => (typeof line === "number" ? { line, column: 1, length: 1 } : undefined),
    },
  };
}

/** The environment's variables over those of the file .env in a directory. */
export function surroundings(directory: string, environment: Lookup, notes: Notes): Lookup {
  const file = join(directory, ".env");
  if (!existsSync(file)) return environment;
  const text = readTextFile(file);
  const { values, problems, unset } = parseEnvironmentFile(text, environment);
  const source = lineSource(file, text);
  for (const { line, message } of problems) notes.refused({ source, path: [line], value: null }, message);
  for (const { line, name } of unset)
    notes.ignored({ source, path: [line], value: null }, unsetText(name), "set it, or give it a default");
  return (name) => environment(name) ?? values.get(name);
}

export const unsetText = (name: string): string => `the variable ${name} is not set, and is taken as empty`;

export interface ReadContext {
  readonly notes: Notes;
  readonly values: Values;
  readonly lookup: Lookup;
  /** Every file that was read, for frames. */
  readonly texts: Map<string, string>;
}

/** Reads a Compose file and the override beside it, with variables replaced and `extends` carried out. */
export function readCompose(file: string, override: string | undefined, context: ReadContext): Part {
  const own = readOne(file, context);
  const root = override === undefined ? own : mergeFiles(own, readOne(override, context));
  const services = child(root, "services");
  if (!isMap(root) || !isMap(services)) return root;
  const extending = new Extending(root, context);
  const extended = new Map(
    [...services.value].map(([name, part]): [string, Part] => [name, extending.extended(name, part, root)]),
  );
  return { ...root, value: new Map(root.value).set("services", { ...services, value: extended }) };
}

function readOne(file: string, context: ReadContext): Part {
  const text = readTextFile(file);
  context.texts.set(file, text);
  const { value, map, problems } = parseYamlConfig(text);
  if (problems.length > 0) throw new ConfigFault(file, problems, new Map([[file, text]]));
  return replaced(partsOf(value, { file, text, map }), context, new Set());
}

/** Variables are replaced in values, never in keys. */
function replaced(part: Part, context: ReadContext, told: Set<string>): Part {
  const { value } = part;
  if (typeof value === "string") {
    const { text, unset, problem } = interpolate(value, context.lookup);
    if (problem !== undefined) context.notes.refused(part, problem);
    for (const name of unset) {
      if (told.has(name)) continue;
      told.add(name);
      context.notes.ignored(part, unsetText(name), "set it, or give it a default: ${NAME:-…}");
    }
    return { ...part, value: text };
  }
  if (isMap(part))
    return {
      ...part,
      value: new Map([...part.value].map(([key, each]) => [key, replaced(each, context, told)])),
    };
  if (Array.isArray(value))
    return { ...part, value: (value as readonly Part[]).map((each) => replaced(each, context, told)) };
  return part;
}

/** Services that are made of others, in this file or another. */
class Extending {
  readonly #context: ReadContext;
  readonly #files: Map<string, Part>;

  constructor(root: Part, context: ReadContext) {
    this.#context = context;
    this.#files = new Map([[root.source.file, root]]);
  }

  extended(name: string, part: Part, root: Part, way: readonly string[] = []): Part {
    const extend = child(part, "extends");
    if (extend === undefined || !isMap(part)) return part;
    const { notes, values } = this.#context;
    const own = { ...part, value: new Map([...part.value].filter(([key]) => key !== "extends")) };
    const service = values.text(isMap(extend) ? child(extend, "service") : extend, "a service's name");
    if (service === undefined) {
      if (isMap(extend)) notes.wrong(extend, "the service that it extends");
      return own;
    }
    const here = `${root.source.file}\0${name}`;
    if (way.includes(here)) {
      notes.refused(extend, "the service extends itself");
      return own;
    }
    const file = values.text(child(extend, "file"), "a file's name");
    const other = file === undefined ? root : this.#read(resolve(dirname(extend.source.file), file), extend);
    if (other === undefined) return own;
    const services = child(other, "services");
    const base = child(services, service);
    if (base === undefined) {
      const known = isMap(services) ? services.value.keys() : [];
      notes.unknown(extend, `service in ${basename(other.source.file)}`, service, known);
      return own;
    }
    return mergeServices(this.extended(service, base, other, [...way, here]), own);
  }

  #read(file: string, extend: Part): Part | undefined {
    const known = this.#files.get(file);
    if (known !== undefined) return known;
    if (!existsSync(file)) {
      this.#context.notes.refused(extend, `there is no file "${file}"`);
      return undefined;
    }
    const root = readOne(file, this.#context);
    this.#files.set(file, root);
    return root;
  }
}
