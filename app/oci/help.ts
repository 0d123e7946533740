import type { Command } from "./command.ts";
import { COMMANDS, GLOBAL_FLAGS, HELP_FLAG, VERSION_FLAG } from "./command-table.ts";
import type { Flag } from "./flag.ts";

export function generalHelp(): string {
  const commands = COMMANDS.map(({ name, summary }): [string, string] => [name, summary]);
  const flags = [...GLOBAL_FLAGS, HELP_FLAG, VERSION_FLAG].map(flagRow);
  return [
    "NAME:\n   plinth-oci - runs containers from OCI bundles\n",
    "USAGE:\n   plinth-oci [global options] command [command options] [arguments...]\n",
    `COMMANDS:\n${rows(commands)}`,
    `GLOBAL OPTIONS:\n${rows(flags)}`,
  ].join("\n");
}

export function commandHelp({ name, summary, usage, flags }: Command): string {
  const parts = [
    `NAME:\n   plinth-oci ${name} - ${summary}\n`,
    `USAGE:\n   plinth-oci ${name} ${usage}`.trimEnd() + "\n",
  ];
  if (flags.length > 0) parts.push(`OPTIONS:\n${rows(flags.map(flagRow))}`);
  return parts.join("\n");
}

function flagRow({ name, short, value, summary, default: preset }: Flag): [string, string] {
  const names = [`--${name}`, ...(short === undefined ? [] : [`-${short}`])];
  const left = names.map((each) => (value === undefined ? each : `${each} ${value}`)).join(", ");
  return [left, preset === undefined ? summary : `${summary} (default: ${preset})`];
}

function rows(pairs: readonly (readonly [string, string])[]): string {
  const width = Math.max(...pairs.map(([left]) => left.length));
  return pairs.map(([left, right]) => `   ${left.padEnd(width)}  ${right}\n`).join("");
}
