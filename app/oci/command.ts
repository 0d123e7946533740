import type { Clock } from "@plinth/clock";
import type { Flag, Flags } from "./flag.ts";
import type { Log } from "./log.ts";

export interface Command {
  readonly name: string;
  readonly summary: string;
  /** Behind the command's name. */
  readonly usage: string;
  readonly flags: readonly Flag[];
  /** How many words, at least and at most. */
  readonly words: readonly [min: number, max: number];
  /** What follows the container's name is another command's line. */
  readonly stopsAtWord?: true;
  /** Before messages of failures; default: nothing. */
  readonly failure?: string;
  /** Default: 1. */
  readonly failureCode?: number;
  readonly load: () => Promise<{ readonly run: RunCommand }>;
}

/** Resolves to the exit code. */
export type RunCommand = (context: CommandContext) => Promise<number> | number;

export interface CommandContext {
  readonly words: readonly string[];
  readonly flags: Flags;
  readonly global: GlobalOptions;
  readonly clock: Clock;
  readonly log: Log;
  /** To standard output. */
  readonly print: (text: string) => void;
}

export interface GlobalOptions {
  /** Where containers are recorded. */
  readonly root: string;
  readonly isRootless: boolean;
  readonly isSystemdCgroup: boolean;
}
