/** The types of calls and of what their closures get. */
import type { Closure, Expression, FunctionCall } from "../parser/ast.ts";
import type { ClosureVariable, Parameter } from "../stdlib/define.ts";
import { CallAt, type BoundCall } from "./call-view.ts";
import type { CallFacts } from "./facts.ts";
import type { Inference, Info } from "./inference.ts";
import { removeKind } from "./kind-paths.ts";
import { Kind, Part, within } from "./kind.ts";
import { withRoot, withVariable, type Details, type State } from "./state.ts";
import { effectsOf, sureRemove, widen } from "./sure.ts";
import { mergeFallibility, TypeDef, type Fallibility } from "./type-def.ts";

export function inferCall(inference: Inference, call: FunctionCall, before: State): Info {
  const facts = inference.facts.calls.get(call);
  // Nothing asks for a call that was refused; should one, it may be anything.
  if (facts === undefined) return { state: before, type: TypeDef.of(Kind.any).fallible };
  return inference.isSure
    ? inferSure(inference, call, facts, before)
    : inferTold(inference, call, facts, before);
}

/** By the language's rules: arguments are asked for their types when all are evaluated, and closures change nothing. */
function inferTold(inference: Inference, call: FunctionCall, facts: CallFacts, before: State): Info {
  let state = before;
  for (const { value } of call.arguments) ({ state } = inference.infer(value, state));
  let type = facts.definition.typeOf(new CallAt(inference, facts, state, facts.closure));
  if (facts.definition.removesPath) state = removePath(inference, facts, state, removeKind);
  if (facts.mayMismatch || facts.closure?.isFallible) type = type.fallible;
  return { state, type: call.abortsOnError ? type.infallible : type };
}

/** As it is run: arguments in the parameters' order, those that are paths last, then the closure any number of times. */
function inferSure(inference: Inference, call: FunctionCall, facts: CallFacts, before: State): Info {
  const { definition } = facts;
  const states = new Map<Expression, State>();
  let state = before;
  let fallibility: Fallibility = "cannot-fail";
  let isExact = true;
  for (const { value, parameter } of inOrder(facts)) {
    states.set(value, state);
    const info = inference.infer(value, state);
    state = parameter.isTypeOnly === true ? inference.merge(state, info.state) : info.state;
    fallibility = mergeFallibility(fallibility, info.type.fallibility);
    isExact &&= info.type.kind.isExact;
    if (!within(info.type.kind, parameter.kind)) fallibility = mergeFallibility(fallibility, "might-fail");
  }
  let closure: TypeDef | undefined;
  if (call.closure !== undefined) {
    const variables = closureVariables(
      inference,
      facts,
      call.closure,
      (value) => states.get(value) ?? before,
    );
    state = widen(state, effectsOf(call.closure.block, inference.facts.calls));
    closure = closureType(inference, call.closure, variables, state);
    fallibility = mergeFallibility(fallibility, closure.fallibility);
  }
  const view = new CallAt(inference, facts, state, closure, states);
  inference.noteCall(call, view);
  let type = definition.typeOf(view);
  const sureKind = definition.sureKindOf?.(view);
  if (sureKind !== undefined) type = type.withKind(sureKind);
  else if (!isExact) type = type.withKind(withOthers(type.kind, definition.returns));
  if (definition.removesPath) state = removePath(inference, facts, state, sureRemove);
  fallibility = call.abortsOnError ? "cannot-fail" : mergeFallibility(type.fallibility, fallibility);
  return { state, type: type.with({ fallibility }) };
}

/** Some functions name one kind of what they return for arguments of several; `returns`: all it may be. */
function withOthers(kind: Kind, returns: number): Kind {
  return kind.isNever || returns === Part.all ? kind : kind.or(Kind.ofParts(returns & ~kind.parts));
}

function inOrder({ definition, arguments: given }: CallFacts): { value: Expression; parameter: Parameter }[] {
  const all = definition.parameters.flatMap((parameter, index) => {
    const value = given[index];
    return value === undefined ? [] : [{ value, parameter }];
  });
  return [
    ...all.filter(({ parameter }) => parameter.isPath !== true),
    ...all.filter(({ parameter }) => parameter.isPath === true),
  ];
}

/** By name, as the arguments are when they are evaluated. */
function closureVariables(
  inference: Inference,
  facts: CallFacts,
  closure: Closure,
  stateOf: (value: Expression) => State,
): ReadonlyMap<string, Details> {
  const details = new Map<string, Details>();
  facts.definition.closure?.variables.forEach((variable, index) => {
    const name = closure.variables[index]?.name;
    if (name !== undefined) details.set(name, variableOf(inference, variable, facts, stateOf));
  });
  return details;
}

function closureType(
  inference: Inference,
  { block }: Closure,
  variables: ReadonlyMap<string, Details>,
  outer: State,
): TypeDef {
  let state = outer;
  for (const [name, details] of variables) state = withVariable(state, name, details);
  return inference.type(block, state);
}

/** What is known of a closure's variable. */
export function variableOf(
  inference: Inference,
  variable: ClosureVariable,
  call: BoundCall,
  stateOf: (value: Expression) => State,
): Details {
  if (variable.of === "kind") return { type: TypeDef.of(variable.kind), constant: undefined };
  const value = argumentOf(call, variable.parameter);
  if (value === undefined) return { type: TypeDef.of(Kind.any), constant: undefined };
  const state = stateOf(value);
  const type = inference.type(value, state);
  if (variable.of === "target") return { type, constant: inference.constant(value, state) };
  const kindOfPart = variable.of === "key" ? keyKind : valueKind;
  return { type: TypeDef.of(kindOfPart(type.kind, inference.isSure)), constant: undefined };
}

/** Where it may be an array or an object, the language says `never`, which is no help to who makes code. */
function keyKind(kind: Kind, isSure: boolean): Kind {
  if (!within(kind, Part.array | Part.object) || kind.isNever) return Kind.any;
  if (kind.array !== undefined && kind.object !== undefined)
    return isSure ? Kind.bytes.or(Kind.integer) : Kind.never;
  return kind.object === undefined ? Kind.integer : Kind.bytes;
}

/** Where it may be an array or an object, the language looks at the object only. */
function valueKind(kind: Kind, isSure: boolean): Kind {
  const inArray = kind.array?.reduced;
  const inObject = kind.object?.reduced;
  if (inArray !== undefined && inObject !== undefined) return isSure ? inArray.or(inObject) : inObject;
  return inArray ?? inObject ?? Kind.any;
}

function argumentOf({ definition, arguments: given }: BoundCall, name: string): Expression | undefined {
  return given[definition.parameters.findIndex((parameter) => parameter.name === name)];
}

/** The state after `del`: the language's rules see the event and the metadata only. */
function removePath(inference: Inference, facts: CallFacts, state: State, remove: typeof removeKind): State {
  const { parameters } = facts.definition;
  const query = facts.arguments[parameters.findIndex(({ isPath }) => isPath)];
  if (query?.type !== "query") return state;
  const { root, path } = query;
  if (root.type === "variable" && inference.isSure) {
    const details = state.variables.get(root.name);
    return details === undefined
      ? state
      : withVariable(state, root.name, { type: details.type.withKind(Kind.any), constant: undefined });
  }
  if (root.type !== "event" && root.type !== "metadata") return state;
  const compact = compactArgument(inference, facts, state);
  const kind = state[root.type];
  if (typeof compact === "boolean") return withRoot(state, root.type, remove(kind, path, compact));
  return withRoot(state, root.type, remove(kind, path, false).or(remove(kind, path, true)));
}

function compactArgument(inference: Inference, facts: CallFacts, state: State): unknown {
  const value = argumentOf(facts, "compact");
  return value === undefined ? undefined : inference.constant(value, state);
}
