/** From a program's text to its tree. */
import type { Diagnostic } from "../diagnostic/diagnostic.ts";
import { lex } from "../lexer/lex.ts";
import { unexpectedParse } from "../lexer/lex-error.ts";
import type { Token } from "../lexer/token.ts";
import type { Program } from "./ast.ts";
import { descend, type TokenRange } from "./descent.ts";
import { findSyntaxErrors } from "./syntax-error.ts";
import { ParseStop } from "./token-cursor.ts";

export interface Parsed {
  /** Where there are errors: the root expressions that have none. */
  readonly program: Program;
  /** Of the root expressions in order; or one only, that ended the parse. */
  readonly diagnostics: readonly Diagnostic[];
}

/** Never throws; takes time in proportion to the text. */
export function parse(source: string): Parsed {
  const { tokens, problem } = lex(source);
  if (problem === undefined) {
    const whole = attempt(tokens, []);
    if (whole.program !== undefined) return { program: whole.program, diagnostics: [] };
    if (whole.problem !== undefined) return failed(whole.problem);
  }
  const { fatal, recovered } = findSyntaxErrors(tokens, problem);
  if (fatal !== undefined) return failed(fatal);
  const { program, problem: tooDeep } = attempt(tokens, recovered);
  if (program === undefined || recovered.length === 0) return failed(tooDeep ?? contradiction);
  return { program, diagnostics: recovered.map(({ diagnostic }) => diagnostic) };
}

/** Both undefined: the tokens are no program. */
interface Attempt {
  readonly program: Program | undefined;
  readonly problem: Diagnostic | undefined;
}

function attempt(tokens: readonly Token[], skipped: readonly TokenRange[]): Attempt {
  try {
    return { program: descend(tokens, skipped), problem: undefined };
  } catch (stop) {
    if (!(stop instanceof ParseStop)) throw stop;
    return { program: undefined, problem: stop.problem };
  }
}

/** The descent refuses what the grammar accepts: they are not of the same language. */
const contradiction: Diagnostic = {
  ...unexpectedParse("the parser contradicts its grammar", { start: 0, end: 0 }),
  severity: "bug",
};

function failed(diagnostic: Diagnostic): Parsed {
  return { program: { expressions: [] }, diagnostics: [diagnostic] };
}
