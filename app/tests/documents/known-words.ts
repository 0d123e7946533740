import { readFileSync } from "node:fs";
import { jsonSchema } from "@plinth/resource";

/** What a page may speak of. */
export interface KnownWords {
  /** Commands with their options: "secrets set" → --file. */
  readonly commands: ReadonlyMap<string, ReadonlySet<string>>;
  /** Keys that can stand in a config, wherever. */
  readonly keys: ReadonlySet<string>;
}

/** From the reference of the command line, which is written by the table of commands itself, and the config's schema. */
export function knownWords(reference: string): KnownWords {
  const commands = new Map<string, Set<string>>();
  const [everywhere = "", ...sections] = readFileSync(reference, "utf8").split("\n### plinth ");
  const options = (text: string): string[] =>
    [...text.matchAll(/^\| `(?:-\w, )?(--[a-z-]+)/gm)].map((match) => match[1]!);
  const global = options(everywhere);
  for (const section of sections) {
    const name = section.slice(0, section.indexOf("\n"));
    commands.set(name, new Set([...global, ...options(section)]));
  }
  return { commands, keys: keysOf(jsonSchema("Config")) };
}

function keysOf(schema: unknown, found: Set<string> = new Set()): Set<string> {
  if (typeof schema !== "object" || schema === null) return found;
  for (const [name, part] of Object.entries(schema)) {
    if (name === "properties") for (const key of Object.keys(part as object)) found.add(key);
    keysOf(part, found);
  }
  return found;
}

/** The words of a piece of code that nobody knows: of a command line of Plinth's, or of a config. */
export function unknownWords(text: string, { commands, keys }: KnownWords): string[] {
  const unknown: string[] = [];
  for (const [, line] of text.matchAll(/(?:^|[|&;(] *|ssh \w+ )plinth ((?:[^|&;)]|\\\|)*)/g)) {
    const words = line!.trim().split(/\s+/);
    let name = "";
    for (const word of words) {
      const longer = name === "" ? word : `${name} ${word}`;
      if (!commands.has(longer)) break;
      name = longer;
    }
    if (name === "") {
      if (/^[a-z]/.test(words[0]!)) unknown.push(`plinth ${words[0]}`);
      continue;
    }
    for (const word of words) {
      const [, option] = /^(--[a-z-]+)/.exec(word) ?? [];
      if (word === "--") break;
      if (option !== undefined && !commands.get(name)!.has(option)) unknown.push(option);
    }
  }
  const [, alone] = /^(--[a-z-]+)/.exec(text) ?? [];
  if (alone !== undefined && ![...commands.values()].some((options) => options.has(alone)))
    unknown.push(alone);
  // `health.ready`, `restart: never`, `volumes: { data: /data }`: the first key is one of ours.
  const [, path] = /^([a-z][A-Za-z]*(?:\.[a-z][A-Za-z]*)*)(?:: |$)/.exec(text) ?? [];
  if (path !== undefined && (path.includes(".") || text.includes(": ")) && !isFile(path))
    unknown.push(...path.split(".").filter((key) => !keys.has(key)));
  return unknown;
}

/** "server.mjs" has the form of a key within a key. */
const isFile = (text: string): boolean => /\.(mjs|json|ts|js|yaml|yml|tar|txt|md|conf|sh|html)$/.test(text);
