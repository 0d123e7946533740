import { pathText } from "@plinth/resource";
import { DetailedFault } from "../exit-code.ts";
import type { Surface } from "../terminal/output.ts";
import { plainText } from "../terminal/plain-text.ts";
import { shownPath } from "../terminal/shown-path.ts";
import { frameLines } from "./frame.ts";
import type { Span } from "./source-map.ts";

/** One thing wrong with a config, and where. */
export interface ConfigProblem {
  /** Keys from the root, such as ["services", "web", "replicas"]; empty when the file as a whole is wrong. */
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly expected?: string;
  readonly received?: string;
  readonly suggestion?: string;
  /** More lines about it, as another language's own report. */
  readonly detail?: string;
  /** 1-based; absent where the place cannot be told for sure. */
  readonly line?: number;
  readonly column?: number;
  /** How many characters the caret line marks. */
  readonly length?: number;
  /** The file, where it is not the config itself but one that it imports. */
  readonly file?: string;
}

/** Everything wrong with a config at once. */
export class ConfigFault extends DetailedFault {
  readonly file: string;
  readonly problems: readonly ConfigProblem[];
  readonly #texts: ReadonlyMap<string, string>;

  /** `texts` holds the files' contents, for frames. */
  constructor(
    file: string,
    problems: readonly ConfigProblem[],
    texts: ReadonlyMap<string, string> = new Map(),
    hint?: string,
  ) {
    const count = problems.length === 1 ? "1 problem" : `${problems.length} problems`;
    super(
      "invalid",
      `Cannot use "${file}": ${count}: ${problems[0]?.message ?? ""}`,
      hint === undefined ? {} : { hint },
    );
    this.file = file;
    this.problems = problems;
    this.#texts = texts;
  }

  override get details(): object {
    return { file: this.file, problems: this.problems };
  }

  override lines(surface: Surface): string[] {
    const lines = this.problems.flatMap((problem) => [...this.#problemLines(problem, surface), ""]);
    const count = this.problems.length === 1 ? "1 problem" : `${this.problems.length} problems`;
    lines.push(
      `${surface.paint("red", "error:")} ${count} in ${plainText(shownPath(this.file))}; nothing was changed.`,
    );
    if (this.hint !== undefined) lines.push(`  ${this.hint}`);
    return lines;
  }

  #problemLines(problem: ConfigProblem, surface: Surface): string[] {
    const file = problem.file ?? this.file;
    const place =
      problem.line === undefined
        ? shownPath(file)
        : `${shownPath(file)}:${problem.line}:${problem.column ?? 1}`;
    const path = problem.path.length === 0 ? "" : `${pathText(problem.path)}: `;
    const lines = [`${surface.paint("bold", plainText(place))}: ${plainText(path + problem.message)}`];
    const text = this.#texts.get(file);
    if (text !== undefined && problem.line !== undefined) {
      const span: Span = { line: problem.line, column: problem.column ?? 1, length: problem.length ?? 1 };
      lines.push(...frameLines(text, span, surface));
    }
    // A list of all there is would hide the one that was meant.
    const isMeant = problem.suggestion !== undefined && problem.message.startsWith("unknown key");
    if (problem.expected !== undefined && !isMeant) lines.push(`  expected ${plainText(problem.expected)}`);
    if (problem.received !== undefined && !isMeant) lines.push(`  received ${plainText(problem.received)}`);
    if (problem.detail !== undefined) lines.push(...indented(problem.detail));
    if (problem.suggestion !== undefined) lines.push(`  did you mean "${plainText(problem.suggestion)}"?`);
    return lines;
  }
}

const indented = (text: string): string[] => text.split("\n").map((line) => `  ${plainText(line)}`.trimEnd());
