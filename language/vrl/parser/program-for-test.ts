/** Programs for properties: trees that could have been parsed, and texts that could have been meant to be. */
import fc from "fast-check";
import type { Span } from "../diagnostic/span.ts";
import { floatOf } from "../runtime/float.ts";
import { wrap } from "../runtime/integer.ts";
import { compareStrings } from "../runtime/text.ts";
import type {
  Argument,
  Block,
  Closure,
  Expression,
  FunctionCall,
  Group,
  If,
  Literal,
  ObjectLiteral,
  Operator,
  Predicate,
  Program,
  Query,
  QueryRoot,
  Target,
  Template,
  Variable,
} from "./ast.ts";

/** What is generated stands nowhere. */
const span: Span = { start: 0, end: 0 };

/** Of how many levels the trees mostly are. */
const DEPTH = 5;

const levels: readonly (readonly Operator[])[] = [
  ["??"],
  ["||", "&&"],
  ["!=", "=="],
  [">=", ">", "<=", "<"],
  ["|"],
  ["+", "-"],
  ["*", "/"],
];

const name = fc.constantFrom("a", "b", "r", "s", "t", "elsewhere", "x_1", "iffy", "total");
const word = fc.oneof(
  name,
  fc.constantFrom("if", "else", "null", "true", "abort", "return", "array", "loop"),
);
/** Not `else`, before which a line does not end. */
const called = word.filter((own) => own !== "else");
const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 8 }),
  fc.constantFrom("", "{{ a }}", "\\{{", "}}", '"', "a\nb", "#", "s'", "\\", "{", "\u{1F600}"),
);

const variable: fc.Arbitrary<Variable> = name.map((own) => ({ type: "variable", span, name: own }));

const integer = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((value) => wrap(value));
const value: fc.Arbitrary<Literal["value"]> = fc.oneof(
  text,
  fc.integer(),
  integer,
  fc.double({ noNaN: true }).map((number) => floatOf(number)),
  fc.constantFrom(floatOf(1), floatOf(-0), floatOf(0.5), true, false, null),
);
const literal: fc.Arbitrary<Literal> = value.map((own) => ({ type: "literal", span, value: own }));

/** Between the quotes of `r'…'`: no backslash is left without what it escapes. */
const quoted = fc
  .array(fc.constantFrom("a", "'", "\\d", "\\\\", "[", "\n", "#", '"', "{", "é"), { maxLength: 6 })
  .map((pieces) => pieces.join("").replaceAll("\\\\'", "'"));

const textPart = text
  .filter((own) => own !== "")
  .map((own): Literal => ({ type: "literal", span, value: own }));
const template: fc.Arbitrary<Template> = fc
  .tuple(
    fc.option(textPart),
    fc.array(fc.tuple(variable, fc.option(textPart)), { minLength: 1, maxLength: 3 }),
  )
  .map(([first, rest]) => ({
    type: "template",
    span,
    parts: [first, ...rest.flat()].filter((part) => part !== null),
  }));

const segments = fc.array(fc.oneof(word, text, fc.integer()), { minLength: 1, maxLength: 3 });

interface Trees {
  expression: Expression;
  assignable: Expression;
  arithmetic: Expression;
  operand: Expression;
  block: Block;
  call: FunctionCall;
  query: Query;
}

const trees = fc.letrec<Trees>((tie: fc.LetrecTypedTie<Trees>) => {
  const limits = { maxDepth: DEPTH, depthIdentifier: "tree" } as const;
  const block: fc.Arbitrary<Block> = fc
    .array(tie("expression"), { minLength: 1, maxLength: 3, depthIdentifier: "tree" })
    .map((expressions) => ({ type: "block", span, expressions }));
  const array: fc.Arbitrary<QueryRoot & Expression> = fc
    .array(tie("arithmetic"), { maxLength: 3, depthIdentifier: "tree" })
    .map((elements) => ({ type: "array", span, elements }));
  const object: fc.Arbitrary<ObjectLiteral> = fc
    .uniqueArray(fc.record({ key: text, value: tie("arithmetic") }), {
      maxLength: 3,
      selector: ({ key }) => key,
      depthIdentifier: "tree",
    })
    .map((fields) => ({
      type: "object",
      span,
      fields: fields
        .map((field) => ({ ...field, keySpan: span }))
        .sort((left, right) => compareStrings(left.key, right.key)),
    }));
  const group: fc.Arbitrary<Group> = tie("assignable").map((inner) => ({ type: "group", span, inner }));

  const argument: fc.Arbitrary<Argument> = fc
    .record({ name: fc.option(word, { nil: undefined }), value: tie("arithmetic") })
    .map((own) => ({ ...own, span, nameSpan: own.name === undefined ? undefined : span }));
  const closure: fc.Arbitrary<Closure> = fc
    .record({ variables: fc.array(fc.oneof(name, fc.constant("")), { maxLength: 2 }), block: tie("block") })
    .map((own) => ({
      span,
      variablesSpan: span,
      variables: own.variables.map((one) => ({ type: "variable", span, name: one })),
      block: own.block,
    }));
  const callOf = (own: fc.Arbitrary<Closure | undefined>): fc.Arbitrary<FunctionCall> =>
    fc
      .record({
        name: called,
        abortsOnError: fc.boolean(),
        arguments: fc.array(argument, { maxLength: 2, depthIdentifier: "tree" }),
        closure: own,
      })
      .map((call) => ({ type: "call", span, nameSpan: span, ...call }));

  const event = fc.constantFrom<QueryRoot>({ type: "event", span }, { type: "metadata", span });
  // No query begins with a parenthesis: the lexer takes what is in it for itself.
  const root = fc.oneof(limits, event, variable, callOf(fc.constant(undefined)), array, object, tie("block"));
  const query: fc.Arbitrary<Query> = fc.oneof(
    event.map((own): Query => ({ type: "query", span, pathSpan: span, root: own, path: [] })),
    fc
      .record({ root, path: segments })
      .map((own): Query => ({ type: "query", span, pathSpan: span, ...own })),
  );
  const target: fc.Arbitrary<Target> = fc.oneof(
    fc.constant<Target>({ type: "ignored", span }),
    variable,
    tie("query"),
  );

  let level: fc.Arbitrary<Expression> = tie("operand");
  for (const operators of levels.toReversed()) {
    const tighter = level;
    const binary: fc.Arbitrary<Expression> = fc
      .tuple(fc.constantFrom(...operators), tighter, tighter, fc.option(tighter, { freq: 3 }))
      .map(([operator, left, right, third]) => {
        const first: Expression = { type: "binary", span, operatorSpan: span, operator, left, right };
        return third === null ? first : { ...first, left: first, right: third };
      });
    level = fc.oneof({ ...limits, withCrossShrink: true }, { weight: 8, arbitrary: tighter }, binary);
  }

  const predicate: fc.Arbitrary<Predicate> = fc
    .oneof(
      tie("arithmetic").map((only) => [only]),
      fc.array(tie("assignable"), { minLength: 2, maxLength: 3, depthIdentifier: "tree" }),
    )
    .map((expressions) => ({ type: "predicate", span, expressions }));
  const condition = fc
    .tuple(predicate, tie("block"), fc.option(tie("block"), { nil: undefined }))
    .map(([own, then, otherwise]): If => {
      // oxlint-disable-next-line unicorn/no-thenable -- as in the tree
      return { type: "if", span, predicate: own, then, otherwise };
    });
  const assignment: fc.Arbitrary<Expression> = fc
    .record({
      target,
      errorTarget: fc.option(target, { nil: undefined }),
      operator: fc.constantFrom("=" as const, "|=" as const),
      value: tie("expression"),
    })
    .map((own) => ({ type: "assignment", span, ...own }));

  return {
    expression: fc.oneof(
      limits,
      tie("assignable"),
      condition,
      fc
        .option(tie("expression"), { nil: undefined })
        .map((message): Expression => ({ type: "abort", span, message })),
      tie("expression").map((own): Expression => ({ type: "return", span, value: own })),
    ),
    assignable: fc.oneof(limits, tie("arithmetic"), assignment),
    arithmetic: level,
    operand: fc.oneof(
      limits,
      literal,
      variable,
      template,
      quoted.map((source): Expression => ({ type: "regex", span, source })),
      quoted.map((source): Expression => ({ type: "timestamp", span, source })),
      tie("query"),
      tie("call"),
      array,
      object,
      group,
      tie("block"),
      tie("operand").map((operand): Expression => ({ type: "not", span, bangSpan: span, operand })),
    ),
    block,
    call: callOf(fc.option(closure, { nil: undefined })),
    query,
  };
});

export const programs: fc.Arbitrary<Program> = fc
  .array(trees.expression, { maxLength: 3 })
  .map((expressions) => ({ expressions }));

const pieces = (
  "a foo if else null true abort return array @t 12 -3 4.5 \"s\" \"{{ x }}\" s'q' r'x' t'y' f( g!( ; | = |= , _ : . & ! " +
  "-> % + * - / < >= == != && || ?? [ { ( ] } ) ? \\ .a .b.c x.y %m [0] {} \" ' # é \u{1F600} \\u{41}"
).split(" ");

/** Tokens in any order, some with spaces or newlines between them. */
export const soups: fc.Arbitrary<string> = fc
  .array(fc.tuple(fc.constantFrom(...pieces), fc.constantFrom("", " ", " ", "\n", "#c\n")), { maxLength: 30 })
  .map((own) => own.flat().join(""));
