import type { Span } from "../diagnostic/span.ts";
import { joinSpans } from "../diagnostic/span.ts";
import type { Argument, Closure, Expression, FunctionCall } from "../parser/ast.ts";
import { Failure } from "../runtime/failure.ts";
import type { Value } from "../runtime/value.ts";
import type { FunctionDefinition, Parameter, Run } from "../stdlib/define.ts";
import {
  abortsInfallible,
  closureArity,
  closureParameterMismatch,
  closureYieldMismatch,
  fallibleArgument,
  invalidArgumentKind,
  missingArgument,
  missingClosure,
  readOnlyRemoval,
  refusedCall,
  undefinedFunction,
  unexpectedClosure,
  unknownKeyword,
  wrongNumberOfArguments,
  type Mismatch,
} from "./call-errors.ts";
import { variableOf } from "./call-type.ts";
import { CallAt, type BoundCall } from "./call-view.ts";
import type { Checker } from "./checker.ts";
import { Kind, within } from "./kind.ts";
import { typeName } from "./show.ts";
import { withoutVariable, withVariable, type State } from "./state.ts";
import type { TypeDef } from "./type-def.ts";

/** A call with each argument at its parameter. */
interface Bound extends BoundCall {
  /** The first argument that may be of a kind its parameter is not. */
  readonly mismatch: Mismatch | undefined;
}

/** `warns`: whether to say so where it aborts on errors that cannot be. */
export function checkCall(checker: Checker, call: FunctionCall, warns: boolean): boolean {
  const before = checker.state;
  // It can read any path of the event.
  if (call.name === "get") checker.reads.push({ root: "event", path: [] });
  const mark = checker.mark();
  const bound = bind(checker, call, before);
  checker.handled(mark);
  if (bound === undefined) return false;
  let closure: TypeDef | undefined;
  if (call.closure !== undefined) {
    closure = checkClosure(checker, bound.definition, call.closure, before);
    if (closure === undefined) return false;
  }
  const view = new CallAt(checker.inference, bound, before, closure);
  const run = prepare(checker, call, bound, view);
  if (run === undefined) return false;
  checker.facts.calls.set(call, {
    definition: bound.definition,
    arguments: bound.arguments,
    mayMismatch: bound.mismatch !== undefined,
    closure,
    view,
    run,
    constant: bound.definition.isFolded ? fold(bound, view, run) : undefined,
  });
  if (warns && call.abortsOnError && bound.mismatch === undefined) {
    if (!bound.definition.typeOf(view).isFallible) checker.report(abortsInfallible(call.nameSpan));
  }
  checker.state = checker.inference.infer(call, before).state;
  if (bound.mismatch !== undefined && !call.abortsOnError)
    checker.expectHandled(invalidArgumentKind(bound.mismatch), bound.mismatch);
  return true;
}

/** Checks name, arguments and what the closure gets, for which the state has its variables then. */
function bind(checker: Checker, call: FunctionCall, before: State): Bound | undefined {
  if (!checker.checkAll(call.arguments.map(({ value }) => value))) return undefined;
  const definition = checker.options.functions.get(call.name);
  if (definition === undefined) {
    checker.report(undefinedFunction(call.nameSpan, call.name, checker.options.functions.keys()));
    return undefined;
  }
  const bound = bindArguments(checker, call, definition, before);
  return bound !== undefined && bindClosure(checker, call, bound) ? bound : undefined;
}

function bindArguments(
  checker: Checker,
  call: FunctionCall,
  definition: FunctionDefinition,
  before: State,
): Bound | undefined {
  const { parameters } = definition;
  if (call.arguments.length > parameters.length) {
    const span = joinSpans(call.arguments[0]!.span, call.arguments.at(-1)!.span);
    checker.report(wrongNumberOfArguments(span, parameters.length));
    return undefined;
  }
  const values: (Expression | undefined)[] = parameters.map(() => undefined);
  let first: Mismatch | undefined;
  let position = 0;
  for (const argument of call.arguments) {
    const index =
      argument.name === undefined ? position : parameters.findIndex(({ name }) => name === argument.name);
    if (index === position) position++;
    const parameter = parameters[index];
    if (parameter === undefined) {
      checker.report(unknownKeyword(argument.nameSpan ?? argument.span, call.nameSpan, parameters));
      return undefined;
    }
    const type = checker.inference.type(argument.value, before);
    if (!Kind.ofParts(parameter.kind).intersects(type.kind)) {
      const told = mismatchOf(checker, call, parameter, argument, type.kind, argument.span);
      checker.report(invalidArgumentKind(told));
      return undefined;
    }
    if (!within(type.kind, parameter.kind)) {
      const span = argument.nameSpan ?? argument.value.span;
      first ??= mismatchOf(checker, call, parameter, argument, type.kind, span);
    }
    if (type.isFallible) {
      checker.report(fallibleArgument(argument.value.span));
      return undefined;
    }
    values[index] = argument.value;
  }
  const missing = parameters.findIndex(({ isOptional }, index) => !isOptional && values[index] === undefined);
  if (missing >= 0) {
    checker.report(missingArgument(call.span, parameters[missing]!.name, missing));
    return undefined;
  }
  return { definition, arguments: values, mismatch: first };
}

function mismatchOf(
  checker: Checker,
  call: FunctionCall,
  parameter: Parameter,
  argument: Argument,
  got: Kind,
  argumentSpan: Span,
): Mismatch {
  return {
    functionName: call.name,
    abortsOnError: call.abortsOnError,
    argumentTexts: call.arguments.map(({ value }) => checker.meant.expression(value)),
    parameter,
    got,
    argumentText: checker.meant.expression(argument.value),
    argumentSpan,
    valueSpan: argument.value.span,
  };
}

function bindClosure(checker: Checker, call: FunctionCall, bound: Bound): boolean {
  const { closure } = call;
  const expected = bound.definition.closure;
  if (expected === undefined)
    return closure === undefined || checker.report(unexpectedClosure(call.span, closure.span));
  if (closure === undefined) return checker.report(missingClosure(call.span, expected.example));
  const index = bound.definition.parameters.findIndex(({ name }) => name === expected.parameter);
  const value = bound.arguments[index];
  const kind = value === undefined ? Kind.any : checker.inference.type(value, checker.state).kind;
  if (value === undefined || !within(kind, expected.kind))
    return checker.report(closureParameterMismatch(call.span, kind));
  const { variables } = closure;
  if (variables.length !== expected.variables.length) {
    const span = variables.length === 0 ? call.span : joinSpans(variables[0]!.span, variables.at(-1)!.span);
    const counts = { expected: expected.variables.length, given: variables.length };
    return checker.report(closureArity(call.nameSpan, span, counts));
  }
  expected.variables.forEach((variable, each) => {
    const details = variableOf(checker.inference, variable, bound, () => checker.state);
    checker.state = withVariable(checker.state, variables[each]!.name, details);
  });
  return true;
}

/** What the closure yields; undefined: it was refused. */
function checkClosure(
  checker: Checker,
  definition: FunctionDefinition,
  { block, variables }: Closure,
  outer: State,
): TypeDef | undefined {
  const inside = checker.state;
  if (!checker.checkBlock(block)) return undefined;
  const type = checker.inference.type(block, inside);
  for (const { name } of variables) {
    const details = outer.variables.get(name);
    checker.state =
      details === undefined
        ? withoutVariable(checker.state, name)
        : withVariable(checker.state, name, details);
  }
  const found = type.kind.or(type.returns);
  const expected = definition.closure!.yields;
  if (expected.isSupersetOf(found)) return type;
  checker.report(closureYieldMismatch(block.span, found, expected));
  return undefined;
}

function prepare(checker: Checker, call: FunctionCall, bound: Bound, view: CallAt): Run | undefined {
  const { definition } = bound;
  for (const [index, parameter] of definition.parameters.entries()) {
    const value = bound.arguments[index];
    if (!parameter.isPath || value === undefined) continue;
    if (value.type !== "query") {
      const refusal = { refused: "query", name: parameter.name } as const;
      checker.report(refusedCall(call.span, refusal, typeName(value)));
      return undefined;
    }
    const { root, path } = value;
    if (!definition.removesPath || (root.type !== "event" && root.type !== "metadata")) continue;
    const place = { root: root.type, path };
    if (checker.isReadOnly(place)) {
      checker.report(readOnlyRemoval(call.span, checker.meant.query(value)));
      return undefined;
    }
    checker.writes.push(place);
  }
  const run = definition.prepare(view);
  if (typeof run === "function") return run;
  const index = definition.parameters.findIndex(({ name }) => name === run.name);
  const value = bound.arguments[index];
  checker.report(refusedCall(call.span, run, value === undefined ? "noop" : typeName(value)));
  return undefined;
}

/** What the call yields where all its arguments are known; undefined: they are not, or it fails. */
function fold({ definition }: Bound, view: CallAt, run: Run): Value | undefined {
  const inputs: Value[] = [];
  for (const { name } of definition.parameters) {
    const value = view.constant(name);
    if (value === undefined) return undefined;
    inputs.push(value);
  }
  const result = run(...inputs);
  return result instanceof Failure ? undefined : result;
}
