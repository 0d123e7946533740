import { type Client, createClient } from "@plinth/client";
import type { Argument, Command, Context, Flag, ValueKind } from "../command.ts";
import { commands, findCommand, globalFlags } from "../command-table.ts";
import { homeDirectory, socketPath } from "../home.ts";

/** A person waits with a finger on the key: a daemon that does not answer in this time has no say. */
const DEADLINE_MS = 500;

type Candidate = readonly [value: string, summary: string];

export async function run(context: Context): Promise<void> {
  const line = context.many("WORD");
  const before = line.slice(0, -1);
  const current = line.at(-1) ?? "";
  const home = before[before.indexOf("--home") + 1];
  const directory = homeDirectory(before.includes("--home") ? home : undefined, process.env);
  const client = createClient({ socketPath: socketPath(directory) });
  for (const [value, summary] of await candidates(before, current, client)) {
    if (value.startsWith(":") || value.startsWith(current))
      context.output.result(`${value}\t${summary}`.trimEnd());
  }
}

async function candidates(
  before: readonly string[],
  current: string,
  client: Client,
): Promise<readonly Candidate[]> {
  if (before.includes("--")) return [[":files", ""]];
  const flags = flagsOf(before);
  const last = before.at(-1) ?? "";
  const awaiting = flags.find(
    (flag) => flag.value !== undefined && (last === `--${flag.name}` || last === `-${flag.short}`),
  );
  if (awaiting !== undefined) return values(awaiting, [], client);
  if (current.startsWith("-")) {
    return flags.map(({ name, summary }): Candidate => [`--${name}`, summary]);
  }
  const words = positionals(before, flags);
  const found = findCommand(words);
  if (found === undefined) return words.length === 0 ? named(commands) : [];
  const subcommands = named(found.command.subcommands ?? []);
  if (found.command.load === undefined && subcommands.length > 0) return subcommands;
  if (found.command.name === "help") return named(commands);
  const given = words.slice(found.length);
  const argument = found.command.arguments[given.length] ?? many(found.command);
  return [...subcommands, ...(argument === undefined ? [] : await values(argument, given, client))];
}

function many(command: Command): Argument | undefined {
  const last = command.arguments.at(-1);
  return last?.many === true ? last : undefined;
}

function named(level: readonly Command[]): Candidate[] {
  return level.filter(({ hidden }) => hidden !== true).map(({ name, summary }) => [name, summary]);
}

function flagsOf(before: readonly string[]): readonly Flag[] {
  const found = findCommand(positionals(before, globalFlags)) ?? findCommand(before);
  return [...(found?.command.flags ?? []), ...globalFlags];
}

/** Words that are neither flags nor their values. */
function positionals(words: readonly string[], flags: readonly Flag[]): string[] {
  const withValue = new Set(
    flags.filter(({ value }) => value !== undefined).flatMap(({ name, short }) => [`--${name}`, `-${short}`]),
  );
  return words.filter((word, index) => !word.startsWith("-") && !withValue.has(words[index - 1] ?? ""));
}

async function values(
  of: Flag | Argument,
  given: readonly string[],
  client: Client,
): Promise<readonly Candidate[]> {
  if (of.choices !== undefined) return of.choices.map((choice): Candidate => [choice, ""]);
  try {
    return await valuesOf(of.kind ?? "text", given, client);
  } catch {
    return []; // no daemon: nothing to name
  }
}

async function valuesOf(
  kind: ValueKind,
  given: readonly string[],
  client: Client,
): Promise<readonly Candidate[]> {
  const options = { deadlineMs: DEADLINE_MS };
  const names = async (of: "App" | "Instance" | "Secret"): Promise<Candidate[]> =>
    (await client.list(of, options)).items.map(({ metadata }) => [metadata.name, ""]);
  const services = async (): Promise<Candidate[]> =>
    (await client.list("Service", options)).items.map(({ spec }) => [spec.service, spec.app]);
  switch (kind) {
    case "path":
      return [[":files", ""]];
    case "directory":
      return [[":directories", ""]];
    case "app":
      return names("App");
    case "instance":
      return names("Instance");
    case "secret":
      return names("Secret");
    case "service":
      return services();
    case "scaling":
      return (await services()).map(([service, app]): Candidate => [`${service}=`, app]);
    case "workload":
      return [...(await services()), ...(await names("Instance"))];
    case "release":
      return (await client.list("Release", options)).items.map(({ spec }): Candidate => [
        String(spec.number),
        spec.app,
      ]);
    case "kind": {
      const { kinds } = await import("@plinth/resource");
      return Object.values(kinds).map(({ plural, description }): Candidate => [plural, description]);
    }
    case "resource": {
      const { kindNamed } = await import("../kind-name.ts");
      const { items } = await client.list(kindNamed(given[0] ?? "", []), options);
      return items.map(({ metadata }): Candidate => [metadata.name, ""]);
    }
    case "text":
    case "port":
    case "duration":
    case "count":
    case "revision":
    case "command":
    default:
      return [];
  }
}
