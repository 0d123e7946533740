/**
 * The type of an expression in a state, and the state after it.
 *
 * An expression is asked about in more than one state: where it stands, and again as a part of what is around it. What
 * was found is kept for the last states, and a state that does not change stays the same object, so that a program is
 * gone through about once.
 *
 * There are two of it. The language's own rules decide what is refused; they take a closure to change nothing and say of
 * some operators that they cannot fail where they can. What is `sure` holds whatever happens: the code that runs is
 * made from that.
 */
import type { Assignment, Expression, FunctionCall, Query, Target } from "../parser/ast.ts";
import type { Path } from "../runtime/path.ts";
import type { Value } from "../runtime/value.ts";
import { inferBinary } from "./binary.ts";
import { inferCall } from "./call-type.ts";
import type { CallAt } from "./call-view.ts";
import { Constants } from "./constants.ts";
import type { Facts } from "./facts.ts";
import { insertKind, kindAt } from "./kind-paths.ts";
import { Collection, Kind } from "./kind.ts";
import { leaveScope, mergeStates, withRoot, withVariable, type State } from "./state.ts";
import { anything, changedAgain, effectsOf, sureInsert, sureKindAt, widen } from "./sure.ts";
import { mergeFallibility, TypeDef } from "./type-def.ts";

export interface Info {
  readonly state: State;
  readonly type: TypeDef;
}

interface Found extends Info {
  readonly before: State;
}

interface Remembered {
  readonly latest: Found;
  readonly earlier: Found | undefined;
  readonly times: number;
  /** In all states it was looked at in. */
  readonly type: TypeDef;
}

/**
 * States one expression is looked at in; beyond, what was found last is taken. Calls within calls that assign ask twice
 * at each level; programs that people write stay below ten.
 */
const STATES_MAX = 32;

/** Kinds that a program may make of its data; a kind with more parts or deeper is taken for one with any parts. */
const KIND_PARTS_MAX = 20_000;
const KIND_DEPTH_MAX = 128;

/** Nothing is told of the parts of a kind that has grown too large. */
function limited(kind: Kind): Kind {
  return kind.weight > KIND_PARTS_MAX || kind.depth > KIND_DEPTH_MAX ? Kind.ofParts(kind.parts) : kind;
}

export class Inference {
  readonly facts: Facts;
  readonly isSure: boolean;
  readonly #infos = new Map<Expression, Remembered>();
  readonly #views = new Map<FunctionCall, CallAt>();
  readonly #constants: Constants;

  constructor(facts: Facts, isSure: boolean) {
    this.facts = facts;
    this.isSure = isSure;
    this.#constants = new Constants(facts, isSure);
  }

  infer(expression: Expression, state: State): Info {
    const known = this.#infos.get(expression);
    if (known !== undefined) {
      if (known.latest.before === state) return known.latest;
      if (known.earlier?.before === state) return known.earlier;
      if (known.times >= STATES_MAX) return this.#giveUp(expression, known);
    }
    const info = this.#inferNew(expression, state);
    const latest = { before: state, state: info.state, type: info.type };
    this.#infos.set(expression, {
      latest,
      earlier: known?.latest,
      times: (known?.times ?? 0) + 1,
      type: known === undefined ? info.type : known.type.or(info.type),
    });
    return latest;
  }

  #giveUp(expression: Expression, known: Remembered): Info {
    if (!this.isSure) return known.latest;
    const type = TypeDef.of(Kind.any).fallible.impure;
    this.#infos.set(expression, { ...known, type });
    return { state: anything(known.latest.state), type };
  }

  /** In whatever state it was looked at so far. */
  typeSoFar(expression: Expression): TypeDef {
    return this.#infos.get(expression)?.type ?? TypeDef.of(Kind.any).fallible.impure;
  }

  /** What is seen of a call in the one state it is in; where there are several, what holds in any. */
  noteCall(call: FunctionCall, view: CallAt): void {
    this.#views.set(call, this.#views.has(call) ? view.inAnyState() : view);
  }

  /** What can be relied on of a call wherever it was looked at. */
  viewOf(call: FunctionCall): CallAt | undefined {
    return this.#views.get(call);
  }

  type(expression: Expression, state: State): TypeDef {
    return this.infer(expression, state).type;
  }

  #inferNew(expression: Expression, state: State): Info {
    switch (expression.type) {
      case "literal":
        return { state, type: TypeDef.of(Kind.ofValue(expression.value)) };
      case "regex":
        return { state, type: TypeDef.of(Kind.regex) };
      case "timestamp":
        return { state, type: TypeDef.of(Kind.timestamp) };
      case "template":
        return this.infer(this.facts.templates.get(expression)!, state);
      case "array":
        return this.#inferArray(expression.elements, state);
      case "object":
        return this.#inferObject(expression.fields, state);
      case "group":
        return this.infer(expression.inner, state);
      case "block":
        return this.#inferBlock(expression.expressions, state);
      case "if": {
        const predicate = this.inferSequence(expression.predicate.expressions, state);
        const then = this.infer(expression.then, predicate.state);
        const otherwise = expression.otherwise && this.infer(expression.otherwise, predicate.state);
        return this.#inferIf(predicate, then, otherwise);
      }
      case "binary":
        return inferBinary(this, expression, state);
      case "not": {
        const operand = this.infer(expression.operand, state);
        const { fallibility, returns } = operand.type;
        const type = TypeDef.of(Kind.boolean).maybeFallible(fallibility !== "cannot-fail");
        return { state: operand.state, type: type.with({ returns }) };
      }
      case "assignment":
        return expression.errorTarget === undefined
          ? this.#inferAssignment(expression, state)
          : this.#inferCatch(expression, expression.errorTarget, state);
      case "query":
        return this.#inferQuery(expression, state);
      case "variable": {
        const type = state.variables.get(expression.name)?.type;
        return { state, type: type ?? TypeDef.of(Kind.undefined) };
      }
      case "call":
        return inferCall(this, expression, state);
      case "abort": {
        const message = expression.message && this.type(expression.message, state);
        const returns = message?.returns ?? Kind.never;
        return { state, type: TypeDef.of(Kind.never).with({ returns }) };
      }
      case "return": {
        const { kind } = this.type(expression.value, state);
        return { state, type: TypeDef.of(Kind.never).with({ returns: kind }) };
      }
    }
  }

  #inferArray(elements: readonly Expression[], before: State): Info {
    let state = before;
    let isFallible = false;
    let returns = Kind.never;
    const known = new Map<number, Kind>();
    for (const element of elements) {
      const info = this.infer(element, state);
      ({ state } = info);
      isFallible ||= info.type.isFallible;
      if (info.type.kind.isNever) return { state, type: TypeDef.of(Kind.never).maybeFallible(isFallible) };
      returns = returns.or(info.type.returns);
      known.set(known.size, info.type.kind.read);
    }
    const kind = limited(Kind.ofArray(Collection.of(known)));
    return { state, type: TypeDef.of(kind).maybeFallible(isFallible).with({ returns }) };
  }

  #inferObject(fields: readonly { key: string; value: Expression }[], before: State): Info {
    let state = before;
    let isFallible = false;
    let returns = Kind.never;
    const known = new Map<string, Kind>();
    for (const { key, value } of fields) {
      const info = this.infer(value, state);
      ({ state } = info);
      returns = returns.or(info.type.returns);
      isFallible ||= info.type.isFallible;
      if (info.type.kind.isNever)
        return { state, type: TypeDef.of(Kind.never).maybeFallible(isFallible).with({ returns }) };
      known.set(key, info.type.kind.read);
    }
    const kind = limited(Kind.ofObject(Collection.of(known)));
    return { state, type: TypeDef.of(kind).maybeFallible(isFallible).with({ returns }) };
  }

  #inferBlock(expressions: readonly Expression[], state: State): Info {
    const info = this.inferSequence(expressions, state);
    return { state: leaveScope(state.variables, info.state), type: info.type };
  }

  /** One after the other, in no scope of their own. */
  inferSequence(expressions: readonly Expression[], before: State): Info {
    let state = before;
    let type = TypeDef.of(Kind.null);
    let isFallible = false;
    let hasEnded = false;
    let returns = Kind.never;
    for (const expression of expressions) {
      const info = this.infer(expression, state);
      ({ state, type } = info);
      isFallible ||= !hasEnded && type.isFallible;
      hasEnded ||= type.kind.isNever;
      returns = returns.or(type.returns);
    }
    return { state, type: type.maybeFallible(isFallible).with({ returns }) };
  }

  #inferIf(predicate: Info, then: Info, otherwise: Info | undefined): Info {
    const state = this.merge(then.state, otherwise?.state ?? predicate.state);
    const type =
      otherwise === undefined
        ? then.type.withKind(then.type.kind.or(Kind.null))
        : then.type.or(otherwise.type);
    const returns = type.returns.or(predicate.type.returns);
    const fallibility = this.isSure
      ? mergeFallibility(type.fallibility, predicate.type.fallibility)
      : type.fallibility;
    return { state, type: type.with({ returns, fallibility }) };
  }

  #inferAssignment(assignment: Assignment, before: State): Info {
    const value = this.valueOf(assignment);
    const info = this.infer(value, before);
    const type = info.type.impure;
    const constant = this.constant(value, info.state);
    return { state: this.#assign(info.state, assignment.target, type, constant), type };
  }

  #inferCatch(assignment: Assignment, errorTarget: Target, before: State): Info {
    const value = this.valueOf(assignment);
    const info = this.infer(value, before);
    const { type } = info;
    const ifNot = this.facts.defaults.get(assignment) ?? null;
    const okType = type.or(TypeDef.of(Kind.ofValue(ifNot))).infallible;
    const constant = this.isSure ? undefined : this.constant(value, info.state);
    let state = this.failed(value, before, info.state);
    state = this.#assign(state, assignment.target, okType, constant);
    state = this.#assign(state, errorTarget, TypeDef.of(Kind.bytes.or(Kind.null)), undefined);
    return { state, type: type.infallible.impure.withKind(type.kind.or(Kind.bytes)) };
  }

  /** What is assigned: of `|=`, what it merges. */
  valueOf(assignment: Assignment): Expression {
    return this.facts.merges.get(assignment) ?? assignment.value;
  }

  #assign(state: State, target: Target, type: TypeDef, constant: Value | undefined): State {
    if (target.type === "ignored") return state;
    const { root, path } = target.type === "variable" ? { root: target, path: [] } : target;
    const insert = this.isSure ? sureInsert : insertKind;
    if (root.type === "event" || root.type === "metadata")
      return withRoot(state, root.type, limited(insert(state[root.type], path, type.kind)));
    if (root.type !== "variable") return state;
    const previous = state.variables.get(root.name)?.type ?? TypeDef.of(Kind.never);
    const next = new TypeDef(
      limited(insert(previous.kind, path, type.kind)),
      mergeFallibility(previous.fallibility, type.fallibility),
      previous.isPure && type.isPure,
      previous.returns,
    );
    const kept = this.isSure && path.length > 0 ? undefined : constant;
    return withVariable(state, root.name, { type: next, constant: kept });
  }

  #inferQuery(query: Query, state: State): Info {
    const { root, path } = query;
    if (root.type === "event" || root.type === "metadata")
      return { state, type: TypeDef.of(this.#at(state[root.type], path)) };
    const info = this.infer(root, state);
    return { state: info.state, type: info.type.withKind(this.#at(info.type.kind, path)) };
  }

  #at(kind: Kind, path: Path): Kind {
    return this.isSure ? sureKindAt(kind, path) : kindAt(kind, path);
  }

  /** Of what a query's path starts at. */
  rootType(query: Query, state: State): TypeDef {
    const { root } = query;
    return root.type === "event" || root.type === "metadata"
      ? TypeDef.of(state[root.type])
      : this.type(root, state);
  }

  /** After an expression that did what it does to the state, or failed somewhere on its way. */
  failed(expression: Expression, before: State, after: State): State {
    if (!this.isSure || before === after) return after;
    const between = changedAgain(effectsOf(expression, this.facts.calls));
    return this.merge(before, widen(after, between));
  }

  merge(left: State, right: State): State {
    return mergeStates(left, right, this.isSure ? Kind.null : undefined);
  }

  /** The value of an expression that does nothing else, where it is known in this state. */
  constant(expression: Expression, state: State): Value | undefined {
    return this.#constants.find(expression, state);
  }
}
