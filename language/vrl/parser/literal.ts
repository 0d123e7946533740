/** Literals of the tree from their tokens. */
import { stringParts, unescape, type StringPart } from "../lexer/string-literal.ts";
import type { Token } from "../lexer/token.ts";
import type { Literal, RegexLiteral, Template, TimestampLiteral, Variable } from "./ast.ts";
import { spanOf } from "./token-cursor.ts";

/** Undefined: the token is no literal. */
export function literalOf(token: Token): Literal | Template | RegexLiteral | TimestampLiteral | undefined {
  const span = spanOf(token);
  const { kind } = token;
  if (kind === "string literal") return stringOf(token);
  if (kind === "raw string literal") return { type: "literal", span, value: token.text };
  if (kind === "integer literal" || kind === "float literal") {
    return { type: "literal", span, value: token.number };
  }
  if (kind === "true" || kind === "false") return { type: "literal", span, value: kind === "true" };
  if (kind === "null") return { type: "literal", span, value: null };
  if (kind === "regex literal") return { type: "regex", span, source: withQuotes(token) };
  if (kind === "timestamp literal") return { type: "timestamp", span, source: withQuotes(token) };
  return undefined;
}

function stringOf(token: Token): Literal | Template {
  const parts = stringParts(token.text);
  const [first] = parts;
  if (first === undefined) return { type: "literal", span: spanOf(token), value: "" };
  if (parts.length === 1 && !first.isVariable)
    return { type: "literal", span: spanOf(token), value: first.text };
  return { type: "template", span: spanOf(token), parts: parts.map((part) => partOf(part, token.start)) };
}

function partOf({ isVariable, text, start, end }: StringPart, offset: number): Literal | Variable {
  const span = { start: offset + start, end: offset + end };
  return isVariable ? { type: "variable", span, name: text } : { type: "literal", span, value: text };
}

function withQuotes(token: Token): string {
  return token.text.replaceAll("\\'", "'");
}

/** A string in a path: a template there is no template but text, with its spaces made alike. */
export function pathFieldOf(token: Token): string {
  const parts = stringParts(token.text);
  return parts.map(({ isVariable, text }) => (isVariable ? `{{ ${text} }}` : text)).join("");
}

/** A key of an object literal knows no templates at all. */
export function objectKeyOf(token: Token): string {
  return unescape(token.text);
}
