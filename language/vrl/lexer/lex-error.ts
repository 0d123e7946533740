/** Errors that end the lexer, and with it the parse: nothing else of the program is reported. */
import { type Diagnostic, errorAt } from "../diagnostic/diagnostic.ts";
import type { Span } from "../diagnostic/span.ts";

export function invalidNumber(span: Span, reason: string): Diagnostic {
  return errorAt(206, "invalid numeric literal", `invalid numeric literal: ${reason}`, span);
}

export function invalidString(start: number): Diagnostic {
  return errorAt(207, "invalid string literal", "invalid string literal", { start, end: start + 1 });
}

export function invalidLiteral(start: number): Diagnostic {
  return errorAt(208, "invalid literal", "invalid literal", { start, end: start + 1 });
}

/** `source` holds the character at `start`; undefined: the program ended where one was needed. */
export function invalidEscape(start: number, source: string | undefined): Diagnostic {
  const codePoint = source?.codePointAt(start);
  const character = codePoint === undefined ? undefined : String.fromCodePoint(codePoint);
  const end = start + (character?.length ?? 1);
  return errorAt(
    209,
    `invalid escape character: \\${character ?? "\0"}`,
    `invalid escape character: ${character ?? "none"}`,
    { start, end },
  );
}

/** Of what the lexer finds while it looks for the end of a path. */
export function unexpectedEnd(after: string): Diagnostic {
  return unexpectedParse(`Expected characters at end of ${after}.`, { start: 0, end: 0 });
}

export function unexpectedParse(label: string, span: Span): Diagnostic {
  return errorAt(210, "unexpected parse error", label, span);
}

export function invalidUnicodeEscape(start: number, end: number): Diagnostic {
  return errorAt(211, "invalid unicode escape sequence", "invalid unicode escape sequence", {
    start,
    end,
  });
}
