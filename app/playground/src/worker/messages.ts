/** What the page and its worker say to each other. Everything in it can be cloned. */
import type { Diagnostic } from "@plinth/vrl";

/** A program to compile and to run once. */
export interface Job {
  readonly id: number;
  readonly program: string;
  /** JSON. */
  readonly event: string;
  readonly timezone: string;
}

/** What became of the job with this `id`. */
export interface Report {
  readonly id: number;
  /** The first of them. */
  readonly diagnostics: readonly Told[];
  /** How many others there are. */
  readonly untold: number;
  /** Undefined: the program does not compile. */
  readonly javascript: string | undefined;
  /** Why the event cannot be read. */
  readonly eventProblem: EventProblem | undefined;
  /** Undefined: it was not run. */
  readonly run: Run | undefined;
}

export interface Told {
  readonly diagnostic: Diagnostic;
  /** As a terminal shows it. */
  readonly text: string;
}

export interface EventProblem {
  readonly message: string;
  /** In UTF-16 units. */
  readonly offset: number;
}

export interface Run {
  readonly ending: "value" | "error" | "aborted";
  /** The value, as VRL shows it, or the message. */
  readonly text: string;
  /** JSON on several lines. */
  readonly event: string;
  /** Undefined: there is none. */
  readonly metadata: string | undefined;
  /** What it logged, as `info: text`. */
  readonly log: readonly string[];
}

/** A function, as completion and hovering tell of it. */
export interface FunctionHelp {
  readonly name: string;
  readonly category: string;
  readonly signature: string;
  /** In Markdown. */
  readonly usage: string;
  readonly parameters: readonly { readonly name: string; readonly description: string }[];
  readonly notices: readonly string[];
}

export type FromWorker =
  | { readonly type: "ready"; readonly functions: readonly FunctionHelp[] }
  | { readonly type: "report"; readonly report: Report };
