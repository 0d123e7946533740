/**
 * Patterns: expressions of Oniguruma in which `%{NAME}` stands for a definition and `%{NAME:field}` for one whose match is
 * a field. `%{NAME=expression}` defines it on the spot.
 */
import { compareStrings } from "../../runtime/text.ts";
import { compile, type Program } from "./oniguruma/compile.ts";
import { Matcher } from "./oniguruma/matcher.ts";
import { Refusal } from "./oniguruma/syntax.ts";
import type { Library } from "./library.ts";
import { piecesOf, type Piece, type Problem, type Reference } from "./reference.ts";

/** Definitions within each other; those that name each other in a circle never end. */
const DEPTH_MAX = 1024;
/** Units of an expression once all names are replaced: a few names that double each other would fill the memory. */
const EXPANDED_MAX = 250_000;

export class Pattern {
  readonly #matcher: Matcher;
  /** In the order of their bytes. */
  readonly fieldNames: readonly string[];
  /** Of each field, the number of its first group. */
  readonly #groups: readonly number[];

  constructor(program: Program, fields: ReadonlyMap<string, number>) {
    this.#matcher = new Matcher(program);
    this.fieldNames = [...fields.keys()].sort(compareStrings);
    this.#groups = this.fieldNames.map((name) => fields.get(name)!);
  }

  /** Whether it is found in the text. Undefined: to see would take too many steps. */
  match(text: string): boolean | undefined {
    const outcome = this.#matcher.search(text);
    return outcome === "exhausted" ? undefined : outcome === "found";
  }

  /** What the field is, by its place in `fieldNames`, in the text last matched; undefined: it is no part of the match. */
  valueOf(field: number, text: string): string | undefined {
    const { slots } = this.#matcher;
    const group = this.#groups[field]!;
    const start = slots[group * 2]!;
    const end = slots[group * 2 + 1]!;
    return start === -1 || end === -1 ? undefined : text.slice(start, end);
  }
}

/** Or why it cannot be compiled. */
export function compilePattern(source: string, library: Library): Pattern | string {
  const expanded = new Expansion(library).expand(source);
  if (typeof expanded === "string") return expanded;
  const { expression, groupFields } = expanded;
  if (expression === "") return `The given pattern "${source}" ended up compiling into an empty regex`;
  try {
    const program = compile(expression);
    const fields = new Map<string, number>();
    for (const [name, groups] of program.names) {
      const field = groupFields.get(name) ?? name;
      // Of several groups of one field the last is the field's.
      fields.set(field, Math.max(fields.get(field) ?? 0, groups[0]!));
    }
    return new Pattern(program, fields);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return `The given regex "${expression}" failed compilation in the underlying engine`;
  }
}

interface Expanded {
  readonly expression: string;
  /** Fields by the names of their groups. */
  readonly groupFields: ReadonlyMap<string, string>;
}

/** A text whose references are being replaced. */
interface Frame {
  readonly pieces: Iterator<Piece | Problem>;
  /** Definitions that its references make; they hold for those behind them in the same text. */
  readonly own: Map<string, string>;
}

class Expansion {
  readonly #library: Library;
  readonly #groupFields = new Map<string, string>();
  /** How often each name of a field was used. */
  readonly #uses = new Map<string, number>();

  constructor(library: Library) {
    this.#library = library;
  }

  /** Or why it cannot be. */
  expand(source: string): Expanded | string {
    const frames: Frame[] = [{ pieces: piecesOf(source), own: new Map() }];
    let expression = "";
    for (;;) {
      const frame = frames.at(-1)!;
      const { value: piece, done } = frame.pieces.next();
      if (done === true) {
        frames.pop();
        if (frames.length === 0) return { expression, groupFields: this.#groupFields };
        expression += ")";
      } else if (typeof piece === "string") expression += piece;
      else if ("problem" in piece) return unexpected(piece.problem);
      else {
        const definition = this.#definitionOf(piece, frame);
        if (definition === undefined)
          return `The given pattern definition name "${piece.name}" could not be found in the definition map`;
        const field = this.#fieldOf(piece);
        if (field !== undefined && this.#isTaken(piece, field))
          return unexpected(`Alias ${field} already exists`);
        expression += field === undefined ? "(?:" : `(?<${this.#groupOf(field)}>`;
        frames.push({ pieces: piecesOf(definition), own: new Map() });
      }
      if (frames.length > DEPTH_MAX || expression.length > EXPANDED_MAX) return TOO_DEEP;
    }
  }

  #definitionOf({ name, definition }: Reference, { own }: Frame): string | undefined {
    if (definition === "") return own.get(name) ?? this.#library.get(name);
    own.set(name, definition);
    return definition;
  }

  /** The second field `a` is `a[1]`. */
  #fieldOf({ field }: Reference): string | undefined {
    if (field === "") return undefined;
    const uses = this.#uses.get(field) ?? 0;
    this.#uses.set(field, uses + 1);
    return uses === 0 ? field : `${field}[${uses}]`;
  }

  /** Whether a name that was made is one that was given, too. */
  #isTaken(reference: Reference, field: string): boolean {
    return field !== reference.field && this.#uses.has(field);
  }

  #groupOf(field: string): string {
    const group = `_n_${this.#groupFields.size}`;
    this.#groupFields.set(group, field);
    return group;
  }
}

const unexpected = (problem: string): string =>
  `Something unexpected happened during the compilation phase: "${problem}"`;

const TOO_DEEP = `Recursion while compiling reached the limit of ${DEPTH_MAX}`;
