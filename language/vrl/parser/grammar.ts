/**
 * The grammar as data. Programs are parsed by `descent.ts`; this finds out what is wrong with those that cannot be, and
 * must know the same language.
 *
 * Each rule has its alternatives. A symbol is another rule or a kind of token; with `?` it may be missing, with `*` it
 * may be repeated or missing, with `+` repeated. Spaces in kinds of tokens are dots here. `error` is what a recovery puts
 * in the place of tokens that are no expression.
 *
 * Its rules are cut as they are because messages list what was expected: what an automaton made of other rules knows
 * when it meets a wrong token would differ.
 */
import { isTerminal, terminals, type TokenKind } from "../lexer/token.ts";

const rules = {
  Program: ["Line*", "Line* RootExpression", "Line* RootStatements", "Line* RootStatements RootExpression"],
  RootStatements: ["RootExpression Terminator", "RootStatements RootExpression Terminator"],
  RootExpression: ["Expression", "error"],
  Terminator: ["newline+", "; newline*"],
  Line: ["newline"],

  Expression: ["If", "Abort", "Return", "AssignmentExpression"],
  Statements: ["Expression Terminator", "Statements Expression Terminator"],
  Abort: ["abort", "abort Expression"],
  Return: ["return Expression"],

  AssignmentExpression: [
    "Target AssignmentOperator Line* Expression",
    "Target , Target AssignmentOperator Line* Expression",
    "Arithmetic",
  ],
  AssignmentOperator: ["=", "|="],
  Target: ["_", "Query", "Name"],

  Arithmetic: ["Coalesce"],
  Coalesce: ["Coalesce ?? Line* Logical", "Logical"],
  Logical: ["Logical || Line* Equality", "Logical && Line* Equality", "Equality"],
  Equality: ["Equality != Line* Comparison", "Equality == Line* Comparison", "Comparison"],
  Comparison: [
    "Comparison >= Line* Merge",
    "Comparison > Line* Merge",
    "Comparison <= Line* Merge",
    "Comparison < Line* Merge",
    "Merge",
  ],
  Merge: ["Merge | Line* Sum", "Sum"],
  Sum: ["Sum + Line* Product", "Sum - Line* Product", "Product"],
  Product: ["Product * Line* Not", "Product / Line* Not", "Not"],
  Not: ["! Not", "Literal", "Container", "Query", "Call", "Name"],

  Query: ["LQuery . RQuery", "LQuery % RQuery", "LQuery QueryRoot Path RQuery"],
  QueryRoot: ["Name", ".", "%", "Call", "Container"],
  Path: ["Path .? Field", "Path [ Integer ]", ".? Field", "[ Integer ]"],
  Field: ["Word", "path.field", "String"],
  Word: ["identifier", "reserved.identifier", "if", "else", "null", "true", "false", "abort", "return"],
  Name: ["identifier"],

  Call: ["function.call !? ( Line* Arguments? ) Closure?"],
  Arguments: ["Argument Line*", "ArgumentsAndComma", "ArgumentsAndComma Argument Line*"],
  ArgumentsAndComma: ["Argument , Line*", "ArgumentsAndComma Argument , Line*"],
  Argument: ["Arithmetic", "Keyword : Arithmetic"],
  Keyword: ["Word"],
  Closure: ["-> || Line* Block", "-> | Variables? | Line* Block"],
  Variables: ["Variable Line*", "VariablesAndComma", "VariablesAndComma Variable Line*"],
  VariablesAndComma: ["Variable , Line*", "VariablesAndComma Variable , Line*"],
  Variable: ["Name", "_"],

  If: ["if Predicate Line* Block ElseIf*", "if Predicate Line* Block ElseIf* else Line* Block"],
  ElseIf: ["else Line* if Predicate Line* Block"],
  Predicate: ["Arithmetic", "( Line* PredicateStatements AssignmentExpression? )"],
  PredicateStatements: [
    "AssignmentExpression Separators",
    "PredicateStatements AssignmentExpression Separators",
  ],
  Separators: ["Line", ";", "Separators Line", "Separators ;"],

  Container: ["Group", "Block", "Array", "Object"],
  Group: ["( AssignmentExpression )"],
  Block: ["{ Line* Expression }", "{ Line* Statements Expression? }"],
  Array: ["[ Line* ]", "[ Line* Elements ]"],
  Elements: ["Arithmetic Line*", "ElementsAndComma", "ElementsAndComma Arithmetic Line*"],
  ElementsAndComma: ["Arithmetic , Line*", "ElementsAndComma Arithmetic , Line*"],
  Object: ["{ Line* }", "{ Line* Entries }"],
  Entries: ["Entry Line*", "EntriesAndComma", "EntriesAndComma Entry Line*"],
  EntriesAndComma: ["Entry , Line*", "EntriesAndComma Entry , Line*"],
  Entry: ["Key : Arithmetic"],
  Key: ["string.literal"],

  Literal: [
    "String",
    "raw.string.literal",
    "Integer",
    "float.literal",
    "true",
    "false",
    "null",
    "regex.literal",
    "timestamp.literal",
  ],
  String: ["string.literal"],
  Integer: ["integer.literal"],
} as const satisfies Record<string, readonly string[]>;

/** Rules whose alternatives stand where they are named: nothing is decided where such a rule ends. */
const inlined: ReadonlySet<string> = new Set(["Word"]);

/** Symbols by number: kinds of tokens as errors list them, then these two, then the rules. */
export const END: number = terminals.length;
export const ERROR: number = END + 1;
const RULES_FROM = ERROR + 1;

/** One alternative. No symbol in it is optional or repeated. */
export interface Production {
  readonly left: number;
  readonly right: readonly number[];
}

/** The first production is the start: the whole program. */
export function productionsOfGrammar(): readonly Production[] {
  const numbers = new Map<string, number>(terminals.map((terminal, index) => [terminal, index]));
  numbers.set("error", ERROR);
  const productions: Production[] = [];
  const pending: [string, readonly string[]][] = [];

  const numberOf = (name: string): number => {
    let number = numbers.get(name);
    if (number === undefined) {
      number = RULES_FROM + numbers.size - ERROR;
      numbers.set(name, number);
      // A repetition is a rule of its own.
      const one = name.slice(0, -1);
      const alternatives = name.endsWith("+") ? [one, `${name} ${one}`] : rules[name as keyof typeof rules];
      pending.push([name, alternatives]);
    }
    return number;
  };

  const add = (name: string, alternatives: readonly string[]): void => {
    const left = numberOf(name);
    for (const alternative of alternatives) {
      for (const symbols of expand(alternative.split(" "))) {
        productions.push({ left, right: symbols.map((symbol) => numberOf(symbol)) });
      }
    }
  };

  add("Start", ["Program"]);
  pending.shift();
  for (let next = pending.shift(); next !== undefined; next = pending.shift()) add(...next);
  return productions;
}

/** All sequences that the marked symbols stand for. */
function expand(symbols: readonly string[]): string[][] {
  const [first, ...rest] = symbols;
  if (first === undefined) return [[]];
  const tails = expand(rest);
  const starting = (name: string): string[][] => tails.map((tail) => [name, ...tail]);
  const name = nameOf(first);
  if (isKind(name)) return starting(name);
  const bare = nameOf(first.slice(0, -1));
  if (first.endsWith("?")) return [...tails, ...starting(bare)];
  if (first.endsWith("*")) return [...tails, ...starting(`${bare}+`)];
  if (first.endsWith("+")) return starting(`${bare}+`);
  if (inlined.has(first)) {
    return rules[first as "Word"].flatMap((word) => starting(nameOf(word)));
  }
  return starting(first);
}

/** Of a token's kind as the rules write it. */
function nameOf(symbol: string): string {
  return symbol === "newline" ? "\n" : /[a-z]\./.test(symbol) ? symbol.replaceAll(".", " ") : symbol;
}

function isKind(name: string): boolean {
  return isTerminal(name as TokenKind);
}
