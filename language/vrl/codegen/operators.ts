/** Operators: plain JavaScript where the kinds allow, else the function for any kind. */
import { type Kind, Part } from "../checker/kind.ts";
import type { Binary, Expression, Operator, Template } from "../parser/ast.ts";
import { isFloat, isInteger } from "../runtime/kind-of.ts";
import type { Value } from "../runtime/value.ts";
import type { Generator, Operand } from "./generate.ts";

const INTEGERS = { "+": "addIntegers", "-": "subtractIntegers", "*": "multiplyIntegers" } as const;
const ANY = { "+": "add", "-": "subtract", "*": "multiply", "/": "divide" } as const;
const COMPARISONS = {
  ">": "isGreater",
  ">=": "isGreaterOrEqual",
  "<": "isLess",
  "<=": "isLessOrEqual",
} as const;

export function writeBinary(generator: Generator, binary: Binary): Operand {
  const { operator, left, right } = binary;
  if (operator === "??") return writeCoalesce(generator, binary);
  if (operator === "||") return writeOr(generator, binary);
  if (operator === "&&") return writeAnd(generator, binary);
  const operands = generator.operands([left, right]) as [Operand, Operand];
  const kinds = [kindOf(generator, left), kindOf(generator, right)] as const;
  return writeStrict(generator, operator, [left, right], operands, kinds);
}

function kindOf(generator: Generator, expression: Expression): Kind {
  return generator.checked.typeOf(expression).kind.read;
}

/** Both sides are evaluated, whatever the left one is. */
function writeStrict(
  generator: Generator,
  operator: Exclude<Operator, "??" | "||" | "&&">,
  [left, right]: readonly [Expression, Expression],
  [a, b]: readonly [Operand, Operand],
  [leftKind, rightKind]: readonly [Kind, Kind],
): Operand {
  switch (operator) {
    case "+":
      return writeAdd(generator, [a, leftKind], [b, rightKind]);
    case "-":
    case "*":
      if (areIntegers(leftKind, rightKind)) return pure(`${INTEGERS[operator]}(${a.code}, ${b.code})`);
      return fallible(generator, `${ANY[operator]}(${a.code}, ${b.code})`);
    case "/":
      return fallible(generator, `divide(${a.code}, ${b.code})`);
    case "|":
      if (leftKind.isOnly(Part.object) && rightKind.isOnly(Part.object))
        return pure(`({ ...${a.code}, ...${b.code} })`);
      return fallible(generator, `mergeObjects(${a.code}, ${b.code})`);
    case "==":
    case "!=":
      return writeEquals(generator, operator, [left, right], [a, b], [leftKind, rightKind]);
    case ">":
    case ">=":
    case "<":
    case "<=":
      if (areIntegers(leftKind, rightKind)) return pure(`(${a.code} ${operator} ${b.code})`);
      if (areComparable(leftKind, rightKind)) return pure(`${COMPARISONS[operator]}(${a.code}, ${b.code})`);
      return fallible(generator, `${COMPARISONS[operator]}(${a.code}, ${b.code})`);
  }
}

function pure(code: string): Operand {
  return { code, isStable: false };
}

/** A value or a failure, which is seen to. */
function fallible(generator: Generator, code: string): Operand {
  const held = generator.stable(pure(code));
  generator.failIfFailure(held.code);
  return held;
}

function areIntegers(left: Kind, right: Kind): boolean {
  return left.isOnly(Part.integer) && right.isOnly(Part.integer);
}

/** Whether comparing them cannot fail. */
function areComparable(left: Kind, right: Kind): boolean {
  return [Part.bytes, Part.timestamp, Part.integer | Part.float].some(
    (parts) => left.isOnly(parts) && right.isOnly(parts),
  );
}

const TEXT_OR_NULL = Part.bytes | Part.null;

function writeAdd(
  generator: Generator,
  [a, leftKind]: readonly [Operand, Kind],
  [b, rightKind]: readonly [Operand, Kind],
): Operand {
  if (areIntegers(leftKind, rightKind)) return pure(`addIntegers(${a.code}, ${b.code})`);
  if (leftKind.isOnly(Part.bytes) && rightKind.isOnly(Part.bytes))
    return pure(`concatTexts(${a.code}, ${b.code})`);
  const oneIsText = leftKind.isOnly(Part.bytes) || rightKind.isOnly(Part.bytes);
  if (oneIsText && leftKind.isOnly(TEXT_OR_NULL) && rightKind.isOnly(TEXT_OR_NULL))
    return pure(`addTexts(${a.code}, ${b.code})`);
  return fallible(generator, `add(${a.code}, ${b.code})`);
}

/** The parts of a string with variables in it, joined by `+` from the left. */
export function writeTemplate(generator: Generator, { parts }: Template): Operand {
  const operands = generator.operands(parts);
  let [joined, kind] = [operands[0]!, kindOf(generator, parts[0]!)];
  for (const [index, part] of parts.entries()) {
    if (index === 0) continue;
    const partKind = kindOf(generator, part);
    joined = writeAdd(generator, [joined, kind], [operands[index]!, partKind]);
    kind =
      kind.isOnly(Part.bytes) || partKind.isOnly(Part.bytes)
        ? kind.only(Part.bytes).or(partKind.only(Part.bytes))
        : kind.or(partKind);
  }
  return joined;
}

function writeEquals(
  generator: Generator,
  operator: "==" | "!=",
  [left, right]: readonly [Expression, Expression],
  [a, b]: readonly [Operand, Operand],
  [leftKind, rightKind]: readonly [Kind, Kind],
): Operand {
  const isIdentity =
    [
      [left, rightKind],
      [right, leftKind],
    ].some(([side, other]) =>
      isIdentityWith(generator.checked.constantOf(side as Expression), other as Kind),
    ) ||
    [Part.boolean | Part.null, Part.integer].some(
      (parts) => leftKind.isOnly(parts) && rightKind.isOnly(parts),
    );
  if (isIdentity) return pure(`(${a.code} ${operator}= ${b.code})`);
  return pure(`${operator === "==" ? "" : "!"}looselyEqual(${a.code}, ${b.code})`);
}

/** Whether being equal to this constant is being the same in JavaScript. */
function isIdentityWith(constant: Value | undefined, other: Kind): boolean {
  if (typeof constant === "string" || typeof constant === "boolean" || constant === null) return true;
  // 5 and 5.0 are equal, and the one is boxed.
  return (
    constant !== undefined &&
    isInteger(constant) &&
    !isFloat(constant) &&
    typeof constant === "number" &&
    !other.has(Part.float)
  );
}

function writeCoalesce(generator: Generator, { left, right }: Binary): Operand {
  const result = generator.emitter.name("t");
  generator.emitter.line(`let ${result};`);
  generator.catching(
    undefined,
    () => generator.emitter.line(`${result} = ${generator.expression(left).code};`),
    () => generator.emitter.line(`${result} = ${generator.expression(right).code};`),
  );
  return { code: result, isStable: true };
}

function writeOr(generator: Generator, { left, right }: Binary): Operand {
  const { emitter } = generator;
  const result = emitter.name("t");
  emitter.line(`let ${result} = ${generator.expression(left).code};`);
  emitter.block(`if (${result} === null || ${result} === false)`, () =>
    generator.toldAs(
      (failure) => `failureOfOr(${failure})`,
      () => emitter.line(`${result} = ${generator.expression(right).code};`),
    ),
  );
  return { code: result, isStable: true };
}

function writeAnd(generator: Generator, { left, right }: Binary): Operand {
  const { emitter } = generator;
  const kind = kindOf(generator, left);
  const rightKind = kindOf(generator, right);
  const result = emitter.name("t");
  emitter.line(`let ${result} = ${generator.expression(left).code};`);
  emitter.block(`if (${result} === null || ${result} === false)`, () => emitter.line(`${result} = false;`));
  emitter.block("else", () => {
    const { code } = generator.expression(right);
    const areBooleans = kind.isOnly(Part.boolean | Part.null) && rightKind.isOnly(Part.boolean | Part.null);
    if (areBooleans) emitter.line(`${result} = ${code}${rightKind.has(Part.null) ? " === true" : ""};`);
    else {
      emitter.line(`${result} = and(${result}, ${code});`);
      generator.failIfFailure(result);
    }
  });
  return { code: result, isStable: true };
}
