/** Programs one after another that share variables and what is known of them: a prompt's lines. */
import { check } from "./checker/check.ts";
import type { State } from "./checker/state.ts";
import { checkOptionsOf, type CompileOptions, type Outcome, programOf } from "./compile.ts";
import type { Diagnostic } from "./diagnostic/diagnostic.ts";
import { parse } from "./parser/parse.ts";
import type { Target } from "./runtime/journal.ts";
import type { VrlObject } from "./runtime/value.ts";

export interface Answer {
  /** Undefined: it does not compile. */
  readonly outcome: Outcome | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

export class Session {
  readonly #options: CompileOptions;
  readonly #variables = Object.create(null) as VrlObject;
  #state: State | undefined;
  /** What the last program ran on: of another one only variables are known. */
  #target: Target | undefined;

  constructor(options: CompileOptions) {
    this.#options = options;
  }

  /** Compiles and runs a program on `target`. Unused values are not warned of: they are what is asked for. */
  run(source: string, target: Target): Answer {
    const { program: tree, diagnostics: syntaxErrors } = parse(source);
    const options = checkOptionsOf(source, this.#options);
    if (this.#state !== undefined && target !== this.#target)
      this.#state = { ...this.#state, event: options.start.event, metadata: options.start.metadata };
    this.#target = target;
    const { checked, diagnostics } = check(tree, {
      ...options,
      start: this.#state ?? options.start,
      syntaxErrors,
      warnsOfUnused: false,
    });
    if (checked === undefined) return { outcome: undefined, diagnostics };
    this.#state = checked.end;
    const program = programOf(checked, source, this.#options, this.#variables);
    return { outcome: program.run(target), diagnostics };
  }
}

/** Whether the program only lacks its end: an open bracket, a right side. */
export function isUnfinished(source: string): boolean {
  return parse(source).diagnostics.some(({ code }) => code === UNEXPECTED_END);
}

/** The code of "unexpected end of program". */
const UNEXPECTED_END = 204;
