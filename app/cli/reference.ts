import type { Command } from "./command.ts";
import { commandGroups, commands, globalFlags } from "./command-table.ts";
import { exitCodes } from "./exit-code.ts";
import { flagRow, usage } from "./help.ts";

/** docs/cli.md, from the table of commands. */
export function referenceMarkdown(): string {
  const lines = [
    "# The command line",
    "",
    "<!-- Written by `plinth help --markdown`; a test says when it is not current. -->",
    "",
    'Results go to standard output, everything else to standard error. `--json` gives every result as JSON; commands that take a while give one JSON value per line and end with one of `type` "result". `NO_COLOR` is honoured. Text from workloads loses its control sequences before it reaches a terminal.',
    "",
    "## Exit codes",
    "",
    "| code | means |",
    "| ---: | --- |",
    ...Object.entries(exitCodes).map(([code, meaning]) => `| ${code} | ${meaning} |`),
    "",
    "`plinth exec` ends with the exit code of the command it ran.",
    "",
    "## Options for every command",
    "",
    ...table(globalFlags.map(flagRow)),
  ];
  for (const [group, names] of commandGroups) {
    lines.push("", `## ${group}`);
    for (const name of names)
      lines.push(
        ...section(
          [name],
          commands.find((command) => command.name === name)!,
        ),
      );
  }
  return `${lines.join("\n")}\n`;
}

function section(words: readonly string[], command: Command): string[] {
  const lines = ["", `### plinth ${words.join(" ")}`, "", `${capital(command.summary)}.`];
  lines.push("", "```", usage(words, command), "```");
  for (const paragraph of command.description ?? []) lines.push("", paragraph);
  if (command.arguments.length > 0) {
    lines.push("", ...table(command.arguments.map(({ name, summary }) => [name, summary] as const)));
  }
  if (command.flags.length > 0) lines.push("", ...table(command.flags.map(flagRow)));
  if (command.examples.length > 0) {
    lines.push("", "```sh");
    for (const { command: line, says } of command.examples) lines.push(`${line}  # ${says}`);
    lines.push("```");
  }
  for (const subcommand of command.subcommands ?? [])
    lines.push(...section([...words, subcommand.name], subcommand));
  return lines;
}

const cell = (text: string): string => text.trim().replaceAll("|", "\\|");

function table(rows: readonly (readonly [string, string])[]): string[] {
  return ["| | |", "| --- | --- |", ...rows.map(([term, text]) => `| \`${cell(term)}\` | ${cell(text)} |`)];
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
