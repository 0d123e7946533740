/** The types of operators. */
import type { Binary } from "../parser/ast.ts";
import { isFloat } from "../runtime/kind-of.ts";
import type { Value } from "../runtime/value.ts";
import { foldNumbers, isNumber, isSafeDivisor } from "./fold.ts";
import type { Inference, Info } from "./inference.ts";
import { Kind, Part, within } from "./kind.ts";
import type { State } from "./state.ts";
import { mergeFallibility, TypeDef } from "./type-def.ts";

const NUMBER = Part.integer | Part.float;
const SWITCH = Part.null | Part.boolean;

export function inferBinary(inference: Inference, binary: Binary, before: State): Info {
  const left = inference.infer(binary.left, before);
  if (binary.operator === "??") return coalesce(inference, binary, before, left);
  const info = inferOperator(inference, binary, before, left);
  if (!inference.isSure) return info;
  // The language's rules forget of some operators that what they are applied to can fail.
  const right = inference.infer(binary.right, left.state);
  const operands = mergeFallibility(left.type.fallibility, right.type.fallibility);
  const fallibility = mergeFallibility(info.type.fallibility, operands);
  return { state: info.state, type: info.type.with({ fallibility }) };
}

/** `??`: the right side where the left one fails. */
function coalesce(inference: Inference, binary: Binary, before: State, left: Info): Info {
  const { right } = binary;
  const failed = left.type.isFallible ? inference.failed(binary.left, before, left.state) : left.state;
  const { state, type } = inference.infer(right, failed);
  return {
    state: inference.merge(failed, state),
    type: left.type.or(type).maybeFallible(left.type.isFallible && type.isFallible),
  };
}

/** Of all but `??`. */
function inferOperator(inference: Inference, binary: Binary, before: State, left: Info): Info {
  switch (binary.operator) {
    case "||":
      return or(inference, binary, before, left);
    case "&&":
      return and(inference, binary, before, left);
    case "|": {
      const { state, type } = inference.infer(binary.right, left.state);
      return { state, type: left.type.or(type).withKind(left.type.kind.overwrittenBy(type.kind)) };
    }
    case ">":
    case ">=":
    case "<":
    case "<=": {
      const { state, type } = inference.infer(binary.right, left.state);
      return { state, type: compare(left.type, type) };
    }
    case "/":
      return divide(inference, binary, left);
    case "+":
    case "-":
    case "*": {
      const { state, type } = inference.infer(binary.right, left.state);
      const constants = [
        inference.constant(binary.left, before),
        inference.constant(binary.right, left.state),
      ] as const;
      const result = calculate(binary.operator, left.type, type);
      return {
        state,
        type: mayBeNan(inference, binary.operator, result, ...constants) ? result.fallible : result,
      };
    }
    case "==":
    case "!=":
    case "??": {
      const { state, type } = inference.infer(binary.right, left.state);
      return { state, type: left.type.or(type).withKind(Kind.boolean) };
    }
  }
}

/** The right side, which may be come to or not. */
function inferMaybe(inference: Inference, { right }: Binary, left: Info): Info {
  const { state, type } = inference.infer(right, left.state);
  return { state: inference.merge(left.state, state), type };
}

function or(inference: Inference, binary: Binary, before: State, left: Info): Info {
  // By the language's rules what is not there counts as something.
  const kind = inference.isSure ? left.type.kind.read : left.type.kind;
  const constant = inference.constant(binary.left, before);
  if (within(kind, Part.null) || constant === false) return inference.infer(binary.right, left.state);
  if (!kind.has(SWITCH) || constant === true) return left;
  const { state, type } = inferMaybe(inference, binary, left);
  return { state, type: left.type.withKind(kind.without(Part.null)).or(type) };
}

function and(inference: Inference, binary: Binary, before: State, left: Info): Info {
  const constant = inference.constant(binary.left, before);
  if (within(left.type.kind, Part.null) || constant === false)
    return { state: left.state, type: TypeDef.of(Kind.boolean) };
  if (constant === true) {
    const { state, type } = inference.infer(binary.right, left.state);
    return { state, type: type.withKind(Kind.boolean) };
  }
  const { state, type } = inferMaybe(inference, binary, left);
  const either = failsUnless(left.type, SWITCH).or(failsUnless(type, SWITCH));
  return { state, type: either.withKind(Kind.boolean) };
}

function compare(left: TypeDef, right: TypeDef): TypeDef {
  const isAlike = [Part.bytes, Part.timestamp].some(
    (part) => within(left.kind, part) && within(right.kind, part),
  );
  const either = isAlike ? left.or(right) : failsUnless(left, NUMBER).or(failsUnless(right, NUMBER));
  return either.withKind(Kind.boolean);
}

/** A division cannot fail where what it divides by is known to be neither zero nor infinite. */
function divide(inference: Inference, { right }: Binary, left: Info): Info {
  const { kind } = left.type;
  const divisor = inference.constant(right, left.state);
  const isSafe =
    divisor !== undefined &&
    (within(kind, Part.float) || within(kind, Part.integer)) &&
    isSafeDivisor(divisor);
  // By the language's rules what the right side does is not seen.
  const state = inference.isSure ? inference.infer(right, left.state).state : left.state;
  return { state, type: TypeDef.of(Kind.float).maybeFallible(!isSafe) };
}

function calculate(operator: "+" | "-" | "*", left: TypeDef, right: TypeDef): TypeDef {
  const either = (part: number): boolean => within(left.kind, part) || within(right.kind, part);
  if (operator === "+" && either(Part.bytes)) {
    const text = Part.bytes | Part.null;
    return failsUnless(left, text).or(failsUnless(right, text)).withKind(Kind.bytes);
  }
  if (either(Part.float))
    return failsUnless(left, NUMBER).or(failsUnless(right, NUMBER)).withKind(Kind.float);
  const both = left.or(right);
  const [isInteger, isTimes] = [within(left.kind, Part.integer), within(right.kind, Part.integer)];
  if (isInteger && isTimes) return both.withKind(Kind.integer);
  if (operator === "-") return both.fallible.withKind(Kind.ofParts(NUMBER));
  if (operator === "*") {
    const isRepeated =
      (within(left.kind, Part.bytes) && isTimes) || (isInteger && within(right.kind, Part.bytes));
    if (isRepeated) return both.withKind(Kind.bytes);
  }
  return both.fallible.withKind(Kind.ofParts(NUMBER | Part.bytes));
}

/** Whether the result may be no number (∞ - ∞, 0 × ∞); the language says so only where it is known. */
function mayBeNan(
  inference: Inference,
  operator: "+" | "-" | "*",
  result: TypeDef,
  left: Value | undefined,
  right: Value | undefined,
): boolean {
  if (!within(result.kind, Part.float) || result.kind.isNever) return false;
  if (!isNumber(left) || !isNumber(right)) return inference.isSure;
  return (isFloat(left) || isFloat(right)) && foldNumbers(operator, left, right) === undefined;
}

function failsUnless(type: TypeDef, parts: number): TypeDef {
  return within(type.kind, parts) ? type : type.fallible;
}
