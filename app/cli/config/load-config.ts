import { readFileSync, realpathSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { Clock } from "@plinth/clock";
import { Fault, messageOf } from "@plinth/fault";
import { type AppSpec, type Config, isPath, type ServiceSpec, quoted } from "@plinth/resource";
import { validate } from "@plinth/resource/validate";
import { ConfigFault, type ConfigProblem } from "./config-fault.ts";
import {
  EVALUATION_BYTES_MAX,
  EVALUATION_MS_MAX,
  HEAP_MEBIBYTES_MAX,
  type Evaluated,
  type Unanswered,
  evaluate,
} from "./evaluate.ts";
import { isCompose, overrideOf } from "../import/compose-files.ts";
import { type Note, placeOf, problemOf } from "../import/notes.ts";
import type { Translated } from "../import/translated.ts";
import { locateConfig } from "./locate.ts";
import { scriptMap } from "./script-map.ts";
import type { SourceMap } from "./source-map.ts";
import { withStores } from "./store-services.ts";

/** What a config is that was made of no other file. */
const NOTHING_BESIDE: Beside = { builds: [], folders: [], portless: new Set(), unchecked: new Set() };
type Beside = Pick<Translated, "builds" | "folders" | "portless" | "unchecked">;

export interface LoadedConfig extends Beside {
  readonly name: string;
  /** Directories are absolute; no service has a `source` yet. */
  readonly spec: AppSpec;
  readonly file: string;
  /** What of a file of another form is not brought over, though the app runs all the same. */
  readonly ignored: readonly Note[];
}

export interface LoadOptions {
  readonly clock: Clock;
  /** Where images are made that the config says how to build. */
  readonly home: string;
  readonly signal?: AbortSignal | undefined;
  /** Receives what an evaluated config prints. */
  readonly print: (text: string) => void;
  readonly evaluationTimeoutMs?: number;
}

interface Read {
  readonly value: unknown;
  readonly map: SourceMap;
  readonly text: string;
  /** What a file of another form became. */
  readonly translated?: Translated;
}

/** Reads the config in a directory, or the named one; throws a ConfigFault with all that is wrong. */
export async function loadConfig(target: string, options: LoadOptions): Promise<LoadedConfig> {
  const file = realpathSync(locateConfig(target));
  const read = /\.[mc]?[tj]s$/.test(file) ? await readScript(file, options) : await readData(file, options);
  const { value, translated } = read;
  const { notes = [], texts = new Map([[file, read.text]]) } = translated ?? {};
  const { builds, folders, portless, unchecked } = translated ?? NOTHING_BESIDE;
  const found: ConfigProblem[] = validate("Config", value);
  if (found.length === 0) {
    found.push(...checkDirectories(value as Config, dirname(file), folders));
    found.push(...(await checkRemaps(value as Config)));
  }
  const placed = found.map((problem) =>
    translated === undefined ? place(problem, read) : placeTranslated(problem, translated),
  );
  const problems = withRefused(placed, notes);
  if (problems.length > 0) throw new ConfigFault(file, problems.sort(byPlace), texts);
  const ignored = notes.filter(({ kind }) => kind === "ignored");
  return { ...specOf(value as Config, dirname(file)), file, ignored, builds, folders, portless, unchecked };
}

/** What is refused, and what else is wrong where nothing was. */
function withRefused(placed: readonly ConfigProblem[], notes: readonly Note[]): ConfigProblem[] {
  const refused: ConfigProblem[] = notes.filter(({ kind }) => kind === "refused").map(problemOf);
  const at = ({ file, line }: ConfigProblem): string => `${file}:${line}`;
  const taken = new Set(refused.map(at));
  // What has no place is missing because something was refused.
  const others = placed.filter((problem) => problem.line !== undefined && !taken.has(at(problem)));
  return refused.length === 0 ? [...placed] : [...refused, ...others];
}

/** A place in the file that a config was made of. */
function placeTranslated(problem: ConfigProblem, { origin }: Translated): ConfigProblem {
  const part = origin(problem.path);
  return part === undefined
    ? problem
    : { ...problem, path: part.path, file: part.source.file, ...placeOf(part, "value") };
}

function specOf(config: Config, directory: string): { name: string; spec: AppSpec } {
  const { name, ingress } = config;
  const absolute: Record<string, ServiceSpec> = {};
  for (const [service, spec] of Object.entries(withStores(config))) {
    absolute[service] = withPaths(spec, directory);
  }
  return {
    name,
    spec: { services: absolute, directory, ...(ingress === undefined ? {} : { ingress }) },
  };
}

/** The daemon knows nothing of the config's directory: what is relative to it becomes absolute. */
function withPaths(spec: ServiceSpec, directory: string): ServiceSpec {
  const { volumes, seccomp, image, address } = spec;
  return {
    ...spec,
    ...(image === undefined && address === undefined && { cwd: resolve(directory, spec.cwd ?? ".") }),
    ...(volumes !== undefined && {
      volumes: Object.fromEntries(
        Object.entries(volumes).map(([from, to]) => [isPath(from) ? resolve(directory, from) : from, to]),
      ),
    }),
    ...(seccomp !== undefined && seccomp !== "unconfined" && { seccomp: resolve(directory, seccomp) }),
  };
}

/** What no schema can know: whether the files and directories are there. */
function checkDirectories(
  { services }: Config,
  directory: string,
  folders: readonly string[],
): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  for (const [service, spec] of Object.entries(services)) {
    problems.push(...missingFiles(service, spec, directory, folders));
    for (const field of ["source", "store", "imageDigest"] as const) {
      if (spec[field] === undefined) continue;
      const path = ["services", service, field];
      problems.push({ path, message: "is written by `plinth up`, not by hand" });
    }
    const { cwd } = spec;
    if (cwd === undefined) continue;
    const stats = statSync(resolve(directory, cwd), { throwIfNoEntry: false });
    if (stats?.isDirectory() === true) continue;
    problems.push({
      path: ["services", service, "cwd"],
      message: stats === undefined ? "no such directory" : "not a directory",
      expected: `a directory, relative to "${directory}"`,
      received: JSON.stringify(cwd),
    });
  }
  return problems;
}

async function checkRemaps({ services }: Config): Promise<ConfigProblem[]> {
  const programs = Object.entries(services).flatMap(([service, { logs }]) =>
    logs?.remap === undefined ? [] : [{ path: ["services", service, "logs", "remap"], source: logs.remap }],
  );
  if (programs.length === 0) return [];
  const { compileRemap } = await import("@plinth/observe/compile");
  return programs.flatMap(({ path, source }) => {
    const compiled = compileRemap(source);
    if (!("errors" in compiled)) return [];
    return [{ path, message: "the program does not compile", detail: compiled.errors }];
  });
}

function missingFiles(
  service: string,
  spec: ServiceSpec,
  directory: string,
  folders: readonly string[],
): ConfigProblem[] {
  const named = Object.keys(spec.volumes ?? {})
    .filter((from) => isPath(from) && !folders.includes(resolve(directory, from)))
    .map((from): [path: string[], name: string] => [["volumes", from], from]);
  if (spec.seccomp !== undefined && spec.seccomp !== "unconfined") named.push([["seccomp"], spec.seccomp]);
  if (typeof spec.image === "object") {
    for (const from of Object.keys(spec.image.copy)) named.push([["image", "copy", from], from]);
  }
  return named
    .filter(([, name]) => statSync(resolve(directory, name), { throwIfNoEntry: false }) === undefined)
    .map(([path, name]) => ({
      path: ["services", service, ...path],
      message: "no such file or directory",
      expected: `a file or directory, relative to "${directory}"`,
      received: JSON.stringify(name),
    }));
}

function place(problem: ConfigProblem, { map, value }: Pick<Read, "map" | "value">): ConfigProblem {
  // What was received is the value, or the key when that is what is wrong.
  const isAboutValue = problem.received === quoted(valueAt(value, problem.path));
  const whole = map.place(problem.path, isAboutValue ? "value" : "key");
  if (whole !== undefined) return { ...problem, ...whole };
  // What is missing has no place: the nearest thing around it has.
  for (let length = problem.path.length - 1; length > 0; length--) {
    const around = map.place(problem.path.slice(0, length), "key");
    if (around !== undefined) return { ...problem, ...around };
  }
  return problem;
}

/** As a reader goes through the file; what has no place comes first. */
function byPlace(one: ConfigProblem, other: ConfigProblem): number {
  return (one.line ?? 0) - (other.line ?? 0) || (one.column ?? 0) - (other.column ?? 0);
}

function valueAt(root: unknown, path: readonly (string | number)[]): unknown {
  let value = root;
  for (const key of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string | number, unknown>)[key];
  }
  return value;
}

async function readData(file: string, { home }: LoadOptions): Promise<Read> {
  const text = readText(file);
  const { parseJsonConfig, parseYamlConfig } = await import("./yaml-config.ts");
  const { value, map, problems } = file.endsWith(".json") ? parseJsonConfig(text) : parseYamlConfig(text);
  if (problems.length > 0) throw new ConfigFault(file, problems, new Map([[file, text]]));
  if (!isCompose(file, value)) return { value, map, text };
  const { translateCompose } = await import("../import/compose.ts");
  const { builtImage } = await import("../build-images.ts");
  const translated = translateCompose(file, {
    override: overrideOf(file),
    environment: process.env,
    builtImage: (app, service) => builtImage(home, app, service),
  });
  return { value: translated.config, map, text, translated };
}

function readText(file: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    throw new Fault("invalid", `Cannot read "${file}": ${messageOf(error)}`, { cause: error });
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new Fault("invalid", `Cannot read "${file}": it is not UTF-8 text`, { cause: error });
  }
}

async function readScript(file: string, options: LoadOptions): Promise<Read> {
  const text = readText(file);
  const { clock, signal, print, evaluationTimeoutMs } = options;
  const answer = await evaluate(file, {
    clock,
    signal,
    print,
    ...(evaluationTimeoutMs === undefined ? {} : { timeoutMs: evaluationTimeoutMs }),
  });
  if (answer.kind !== "value")
    throw evaluationFault(file, text, answer, evaluationTimeoutMs ?? EVALUATION_MS_MAX);
  const map = scriptMap(text);
  if (answer.problems.length > 0) {
    const problems = answer.problems.map((problem) =>
      place(Object.assign(problem, { expected: "text, numbers, booleans, lists and plain objects" }), {
        map,
        value: undefined,
      }),
    );
    throw new ConfigFault(file, problems, new Map([[file, text]]));
  }
  return { value: answer.value, map, text };
}

function evaluationFault(
  file: string,
  text: string,
  answer: Exclude<Evaluated, { kind: "value" }> | Unanswered,
  timeoutMs: number,
): ConfigFault {
  const one = (problem: Omit<ConfigProblem, "path">, hint?: string): ConfigFault => {
    const texts = new Map([[file, text]]);
    if (answer.kind === "thrown" && answer.frame !== undefined)
      texts.set(answer.frame.file, answer.frame.text);
    return new ConfigFault(file, [{ path: [], ...problem }], texts, hint);
  };
  const example = 'Write `export default defineApp({ name: "shop", services: { … } })`.';
  switch (answer.kind) {
    case "nothing":
      return one(
        { message: "exports nothing as its default", expected: "export default defineApp({…})" },
        example,
      );
    case "thrown": {
      const { name, message, code, frame } = answer;
      const label = code === undefined ? name : `${name} [${code}]`;
      return one({
        message: `could not be evaluated: ${label}: ${message}`,
        ...(frame === undefined ? {} : { file: frame.file, line: frame.line, column: frame.column }),
      });
    }
    case "never-returned":
      return one(
        { message: `was still not evaluated after ${timeoutMs / 1000} s, and was stopped` },
        "A config only describes services: look for a loop, or a promise or request that never ends.",
      );
    case "too-much-output":
      return one({
        message: `printed or exported more than ${EVALUATION_BYTES_MAX / 2 ** 20} MiB, and was stopped`,
      });
    case "ended":
    default:
      // 13 is Node's code for a promise that nothing can settle any more.
      if (answer.exitCode === 13) return one({ message: "waits for a promise that never settles" });
      if (answer.signal === "SIGABRT") {
        return one({ message: `needs more than ${HEAP_MEBIBYTES_MAX} MiB of memory, and was stopped` });
      }
      return one(
        {
          message: `ended its process (${answer.signal ?? `exit code ${answer.exitCode}`}) before it exported anything`,
        },
        "A config must not call process.exit.",
      );
  }
}
