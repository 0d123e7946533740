import { parseArgs } from "node:util";
import type { Argument, Command, Flag } from "./command.ts";
import { commands, findCommand, globalFlags } from "./command-table.ts";
import { UsageFault } from "./exit-code.ts";

/** A command line, checked against the table. */
export interface Parsed {
  readonly command: Command | undefined;
  readonly words: readonly string[];
  readonly values: ReadonlyMap<string, string | true>;
  /** Values by argument's name. */
  readonly arguments: ReadonlyMap<string, readonly string[]>;
}

const PORT_MAX = 65535;
const COUNT = /^[0-9]{1,9}$/;
/** Of a store: exact as a number. */
const REVISION = /^[0-9]{1,15}$/;
const DURATION = /^[0-9]{1,9}(\.[0-9]{1,3})?(ms|s|m|h)$/;

interface Token {
  readonly kind: "option" | "positional" | "option-terminator";
  readonly index: number;
  readonly name?: string;
  readonly rawName?: string;
  readonly value?: string | undefined;
}

/** Reads a command line; throws a UsageFault that names the nearest valid word. */
export function parseCommandLine(line: readonly string[]): Parsed {
  const end = line.indexOf("--");
  const before = end === -1 ? line : line.slice(0, end);
  // The command's words come first, whatever global flags stand between them.
  const loose = tokenize(before, globalFlags).filter((token) => token.kind === "positional");
  const found = findCommand(loose.map((token) => token.value!));
  if (found === undefined) return withoutCommand(line, loose[0]?.value);

  const { command } = found;
  const words = loose.slice(0, found.length).map((token) => token.value!);
  const indexes = new Set(loose.slice(0, found.length).map((token) => token.index));
  const rest = line.filter((_, index) => !indexes.has(index));
  const flags = [...command.flags, ...globalFlags];
  // A hidden command's words are another command line, not its own.
  const tokens = command.hidden === true ? positionals(rest) : tokenize(rest, flags);

  const values = new Map<string, string | true>();
  const positional: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") positional.push(token.value!);
    if (token.kind === "option") readFlag(token, flags, words, values);
  }
  if (values.has("help") || values.has("version")) return { command, words, values, arguments: new Map() };
  if (command.load === undefined && command.subcommands !== undefined)
    throw missingSubcommand(command, words, positional[0]);
  return { command, words, values, arguments: readArguments(command, words, positional) };
}

function withoutCommand(line: readonly string[], word: string | undefined): Parsed {
  if (word !== undefined) {
    const among = commands.filter((command) => command.hidden !== true).map(({ name }) => name);
    throw new UsageFault(`Unknown command "${word}"`, [], {
      mistyped: { word, among, around: ["`plinth ", "`"] },
    });
  }
  const values = new Map<string, string | true>();
  for (const token of tokenize(line, globalFlags)) {
    if (token.kind === "option") readFlag(token, globalFlags, [], values);
  }
  return { command: undefined, words: [], values, arguments: new Map() };
}

function tokenize(line: readonly string[], flags: readonly Flag[]): readonly Token[] {
  const options: Record<string, { type: "string" | "boolean"; short?: string }> = {};
  for (const { name, short, value } of flags) {
    options[name] = {
      type: value === undefined ? "boolean" : "string",
      ...(short === undefined ? {} : { short }),
    };
  }
  const parsed = parseArgs({ args: [...line], options, strict: false, allowPositionals: true, tokens: true });
  return parsed.tokens;
}

function positionals(line: readonly string[]): readonly Token[] {
  const start = line[0] === "--" ? 1 : 0;
  return line.slice(start).map((value, index) => ({ kind: "positional", index, value }));
}

function readFlag(
  token: Token,
  flags: readonly Flag[],
  words: readonly string[],
  values: Map<string, string | true>,
): void {
  const flag = flags.find((candidate) => candidate.name === token.name);
  if (flag === undefined) {
    const of = words.length > 0 ? ` for \`plinth ${words.join(" ")}\`` : "";
    const among = flags.map(({ name }) => name);
    throw new UsageFault(`Unknown option "${token.rawName}"${of}`, words, {
      mistyped: { word: token.name ?? "", among, around: ["--", ""] },
      ...(words[0] === "exec" ? { hint: "Put -- before the command to run." } : {}),
    });
  }
  if (flag.value === undefined) {
    if (token.value !== undefined) throw new UsageFault(`Option --${flag.name} takes no value`, words);
    values.set(flag.name, true);
    return;
  }
  if (token.value === undefined || token.value === "") {
    throw new UsageFault(`Option --${flag.name} needs a value: --${flag.name} ${flag.value}`, words);
  }
  checkValue(`--${flag.name}`, token.value, flag, words);
  values.set(flag.name, token.value);
}

function checkValue(name: string, value: string, of: Flag | Argument, words: readonly string[]): void {
  const more = of.choices === undefined ? {} : { mistyped: { word: value, among: of.choices } };
  const wrong = (expected: string): UsageFault =>
    new UsageFault(`Cannot use ${JSON.stringify(value)} for ${name}: expected ${expected}`, words, more);
  if (of.choices !== undefined && !of.choices.includes(value)) throw wrong(of.choices.join(", "));
  if (of.kind === "port" && (!COUNT.test(value) || Number(value) < 1 || Number(value) > PORT_MAX)) {
    throw wrong("a port from 1 to 65535");
  }
  if ((of.kind === "count" || of.kind === "release") && !COUNT.test(value)) throw wrong("a whole number");
  if (of.kind === "revision" && !REVISION.test(value)) throw wrong("a whole number");
  if (of.kind === "duration" && !DURATION.test(value)) throw wrong("a duration such as 90s or 5m");
}

function missingSubcommand(command: Command, words: readonly string[], word: string | undefined): UsageFault {
  const names = command.subcommands!.map(({ name }) => name);
  const line = `plinth ${words.join(" ")}`;
  if (word === undefined) return new UsageFault(`\`${line}\` needs a subcommand: ${names.join(", ")}`, words);
  return new UsageFault(`Unknown subcommand "${word}" of \`${line}\``, words, {
    mistyped: { word, among: names, around: [`\`${line} `, "`"] },
  });
}

function readArguments(
  command: Command,
  words: readonly string[],
  given: readonly string[],
): ReadonlyMap<string, readonly string[]> {
  const values = new Map<string, readonly string[]>();
  let next = 0;
  for (const argument of command.arguments) {
    const taken = argument.many === true ? given.slice(next) : given.slice(next, next + 1);
    next += taken.length;
    if (taken.length === 0 && argument.optional !== true) {
      throw new UsageFault(
        `\`plinth ${words.join(" ")}\` needs ${argument.name}: ${argument.summary}`,
        words,
      );
    }
    for (const value of taken) checkValue(argument.name, value, argument, words);
    values.set(argument.name, taken);
  }
  if (next < given.length) {
    // The extra word may be a secret typed where none belongs: it is not repeated.
    throw new UsageFault(
      `\`plinth ${words.join(" ")}\` takes ${count(command.arguments.length)}, and ${given.length} were given`,
      words,
      words[0] === "secrets"
        ? {
            hint: "A secret's value never goes on the command line, where other users see it: use standard input or --file.",
          }
        : {},
    );
  }
  return values;
}

function count(number: number): string {
  if (number === 0) return "no arguments";
  return number === 1 ? "one argument" : `${number} arguments`;
}
