import type { Argument, Command, Flag } from "./command.ts";
import { commandGroups, commands, findCommand, globalFlags } from "./command-table.ts";
import type { Surface } from "./terminal/output.ts";
import { wrap } from "./terminal/wrap.ts";

const TAGLINE = "Runs your services on your own machines, joined by a service mesh.";
/** Longer lines are hard to read even where they fit. */
const COLUMNS_MAX = 100;
/** One column for all groups of the overview: "    --home DIR" is its longest term. */
const OVERVIEW_TERM = 14;

/** Help for the command that words name; for none, the list of all. */
export function helpText(words: readonly string[], surface: Surface): string {
  const found = findCommand(words);
  const width = Math.min(surface.columns, COLUMNS_MAX);
  const lines =
    found === undefined ? overview(surface, width) : commandHelp(words, found.command, surface, width);
  return `${lines.join("\n")}\n`;
}

function overview(surface: Surface, width: number): string[] {
  const title = (text: string): string => surface.paint("bold", text);
  const lines = [...wrap(TAGLINE, width), "", `${title("Usage:")} plinth COMMAND [OPTION...]`];
  for (const [group, names] of commandGroups) {
    lines.push("", title(group));
    const rows = names.map(
      (name) => [name, commands.find((command) => command.name === name)!.summary] as const,
    );
    lines.push(...definitions(rows, width, OVERVIEW_TERM));
  }
  lines.push("", title("Options for every command"));
  lines.push(...definitions(globalFlags.map(flagRow), width, OVERVIEW_TERM), "");
  lines.push(
    ...wrap("`plinth COMMAND --help` says more, with examples. `plinth init && plinth up` starts.", width),
  );
  return lines;
}

function commandHelp(words: readonly string[], command: Command, surface: Surface, width: number): string[] {
  const title = (text: string): string => surface.paint("bold", text);
  const lines = [
    ...wrap(sentence(command.summary), width),
    "",
    `${title("Usage:")} ${usage(words, command)}`,
  ];
  for (const paragraph of command.description ?? []) lines.push("", ...wrap(paragraph, width));
  if (command.subcommands !== undefined) {
    const rows = command.subcommands.map(({ name, summary }) => [name, summary] as const);
    lines.push("", title("Subcommands"), ...definitions(rows, width));
  }
  if (command.arguments.length > 0) {
    const rows = command.arguments.map(({ name, summary }) => [name, summary] as const);
    lines.push("", title("Arguments"), ...definitions(rows, width));
  }
  if (command.flags.length > 0)
    lines.push("", title("Options"), ...definitions(command.flags.map(flagRow), width));
  lines.push("", title("Options for every command"), ...definitions(globalFlags.map(flagRow), width));
  if (command.examples.length > 0) {
    lines.push("", title("Examples"));
    for (const { command: line, says } of command.examples) {
      lines.push(`  ${surface.paint("dim", `# ${says}`)}`, `  ${line}`);
    }
  }
  return lines;
}

/** The line that says how a command is called. */
export function usage(words: readonly string[], command: Command): string {
  const parts = ["plinth", ...words];
  if (command.load === undefined && command.subcommands !== undefined) parts.push("SUBCOMMAND");
  for (const argument of command.arguments) parts.push(placeholder(argument));
  if (command.flags.length > 0) parts.push("[OPTION...]");
  return parts.join(" ");
}

function placeholder({ name, kind, optional, many }: Argument): string {
  const text = many === true ? `${name}...` : name;
  if (optional === true) return `[${text}]`;
  return kind === "command" ? `-- ${text}` : text;
}

/** "-f, --follow" and its summary. */
export function flagRow({ name, short, value, choices, summary }: Flag): readonly [string, string] {
  const long = value === undefined ? `--${name}` : `--${name} ${value}`;
  const among = choices === undefined ? "" : ` (${choices.join(", ")})`;
  return [short === undefined ? `    ${long}` : `-${short}, ${long}`, summary + among];
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

/** Terms on the left, what they mean on the right; below each other where there is no room. */
function definitions(rows: readonly (readonly [string, string])[], width: number, termLeast = 0): string[] {
  const INDENT = 2;
  const GAP = 2;
  const TEXT_LEAST = 24;
  const longest = Math.max(termLeast, ...rows.map(([term]) => term.length));
  const column = INDENT + longest + GAP;
  if (width - column < TEXT_LEAST) {
    return rows.flatMap(([term, text]) => [
      `${" ".repeat(INDENT)}${term.trimStart()}`,
      ...wrap(text, width - 6).map((line) => `      ${line}`),
    ]);
  }
  return rows.flatMap(([term, text]) =>
    wrap(text, width - column).map(
      (line, index) => `${" ".repeat(INDENT)}${(index === 0 ? term : "").padEnd(longest + GAP)}${line}`,
    ),
  );
}
