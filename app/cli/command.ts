import type { Client } from "@plinth/client";
import type { Clock } from "@plinth/clock";
import type { Output } from "./terminal/output.ts";

/** What a value is: how it is checked when parsed, and completed by a shell. */
export type ValueKind =
  | "text"
  | "port"
  | "duration"
  | "count"
  | "revision"
  | "release"
  | "path"
  | "directory"
  | "app"
  | "service"
  | "instance"
  | "workload" // a service or an instance
  | "resource"
  | "kind"
  | "secret"
  | "scaling" // SERVICE=NUMBER
  | "command";

export interface Flag {
  readonly name: string;
  readonly short?: string;
  /** Placeholder of its value; without one the flag is yes or no. */
  readonly value?: string;
  readonly kind?: ValueKind;
  readonly choices?: readonly string[];
  readonly summary: string;
}

export interface Argument {
  readonly name: string;
  readonly kind: ValueKind;
  readonly choices?: readonly string[];
  readonly optional?: boolean;
  readonly many?: boolean;
  readonly summary: string;
}

export const optionalApp: Argument = {
  name: "APP",
  kind: "app",
  optional: true,
  summary: "default: the app deployed from the current directory, else the only one",
};

export interface Example {
  readonly command: string;
  readonly says: string;
}

/** One row of the table from which parsing, help, completion and docs/cli.md come. */
export interface Command {
  readonly name: string;
  readonly summary: string;
  /** Paragraphs after the summary. */
  readonly description?: readonly string[];
  readonly arguments: readonly Argument[];
  readonly flags: readonly Flag[];
  readonly examples: readonly Example[];
  /** Without `load` a command with subcommands does nothing by itself. */
  readonly subcommands?: readonly Command[];
  /** Not shown in help and docs. */
  readonly hidden?: boolean;
  readonly load?: () => Promise<CommandModule>;
}

export interface CommandModule {
  readonly run: (context: Context) => Promise<number | void>;
}

/** What a command was called with and what it may use. */
export interface Context {
  /** Words of the command, such as ["secrets", "set"]. */
  readonly words: readonly string[];
  /** The value of an argument or a flag, or undefined. */
  text(name: string): string | undefined;
  /** The value of an argument that must be there. */
  required(name: string): string;
  number(name: string): number | undefined;
  many(name: string): readonly string[];
  is(flag: string): boolean;
  readonly home: string;
  readonly json: boolean;
  readonly output: Output;
  readonly client: Client;
  readonly clock: Clock;
  /** Aborts on the first SIGINT, SIGTERM or SIGHUP; the reason is an Interruption. */
  readonly signal: AbortSignal;
  /** Aborts on the second. */
  readonly atOnce: AbortSignal;
}

/** How long a command waits. */
export const timeout = (what: string): Flag => ({
  name: "timeout",
  value: "DURATION",
  kind: "duration",
  summary: `longest wait ${what}`,
});

/** Which app, where a command's words name something else. */
export const appFlag: Flag = {
  name: "app",
  value: "APP",
  kind: "app",
  summary: "default: the app deployed from the current directory, else the only one",
};
