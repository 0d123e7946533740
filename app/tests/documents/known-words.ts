import { readFileSync } from "node:fs";
import { jsonSchema } from "@plinth/resource";

interface KnownCommand {
  readonly options: ReadonlySet<string>;
  /** It is nothing by itself: one of its own commands has to follow. */
  readonly isGroup: boolean;
}

/** What a page may speak of. */
export interface KnownWords {
  /** By their words: "secrets set". */
  readonly commands: ReadonlyMap<string, KnownCommand>;
  /** Keys that can stand in a config, wherever. */
  readonly keys: ReadonlySet<string>;
}

/** From the reference of the command line, which is written by the table of commands itself, and the config's schema. */
export function knownWords(reference: string): KnownWords {
  const [everywhere = "", ...sections] = readFileSync(reference, "utf8").split("\n### plinth ");
  const optionsIn = (text: string): string[] =>
    [...text.matchAll(/^\| `(?:-\w, )?(--[a-z-]+)/gm)].map((match) => match[1]!);
  const global = optionsIn(everywhere);
  const commands = new Map<string, KnownCommand>();
  for (const section of sections) {
    const [name = ""] = section.split("\n", 1);
    const options = new Set([...global, ...optionsIn(section)]);
    commands.set(name, { options, isGroup: section.includes(`\nplinth ${name} SUBCOMMAND\n`) });
  }
  return { commands, keys: keysIn(jsonSchema("Config"), new Set()) };
}

function keysIn(schema: unknown, found: Set<string>): ReadonlySet<string> {
  if (typeof schema !== "object" || schema === null) return found;
  for (const [name, part] of Object.entries(schema)) {
    if (name === "properties") for (const key of Object.keys(part as object)) found.add(key);
    keysIn(part, found);
  }
  return found;
}

/** Plinth at the beginning, behind a pipe or an operator, or on another machine. */
const COMMAND_LINE = /(?:^|[|&;(] *|ssh \w+ )plinth ([^|&;)]+)/g;
/** `health.ready`, `restart: never`, `volumes: { data: /data }`. */
const KEY = /^([a-z][A-Za-z]*(?:\.[a-z][A-Za-z]*)+$|[a-z][A-Za-z]*(?=: ))/;
/** Which has the form of a key within a key. */
const FILE = /\.(conf|html|js|json|md|mjs|sh|tar|ts|txt|yaml|yml)$/;

/** The words of a piece of code that nobody knows: of a command line of Plinth's, an option alone, or a config. */
export function unknownWords(text: string, { commands, keys }: KnownWords): string[] {
  const lines = [...text.matchAll(COMMAND_LINE)].flatMap(([, line]) =>
    unknownInLine(line!.trim().split(/\s+/), commands),
  );
  const [option] = /^--[a-z-]+/.exec(text) ?? [];
  const isOption = option === undefined || [...commands.values()].some(({ options }) => options.has(option));
  const [key] = KEY.exec(text) ?? [];
  const path = key === undefined || FILE.test(key) ? [] : key.split(".");
  return [...lines, ...(isOption ? [] : [option]), ...path.filter((part) => !keys.has(part))];
}

function unknownInLine(words: readonly string[], commands: KnownWords["commands"]): string[] {
  let length = 0;
  while (length < words.length && commands.has(words.slice(0, length + 1).join(" "))) length++;
  const name = words.slice(0, length).join(" ");
  const next = words[length] ?? "";
  const known = commands.get(name);
  // What is no word of a command is a place holder, such as `plinth …`.
  if ((known === undefined || known.isGroup) && /^[a-z]/.test(next))
    return [["plinth", ...words.slice(0, length + 1)].join(" ")];
  const end = words.indexOf("--");
  return words
    .slice(0, end === -1 ? undefined : end)
    .flatMap((word) => /^--[a-z-]+/.exec(word) ?? [])
    .filter((option) => known?.options.has(option) !== true);
}
