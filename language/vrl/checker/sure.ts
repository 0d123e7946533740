/** Kinds at paths, and states, that hold whatever happens: the language's own rules guess here and there. */
import type { Expression, FunctionCall, Query, Target } from "../parser/ast.ts";
import { eachChild } from "../parser/children.ts";
import type { Path } from "../runtime/path.ts";
import type { CallFacts } from "./facts.ts";
import { kindAt, removeKind } from "./kind-paths.ts";
import { Collection, Kind } from "./kind.ts";
import { LayeredMap } from "./layered-map.ts";
import { withRoot, withVariable, type State, type Variables } from "./state.ts";
import { TypeDef } from "./type-def.ts";

/** Elements of one array that are told apart. */
const KNOWN_INDICES_MAX = 256;

export function sureKindAt(kind: Kind, path: Path): Kind {
  const countsFromEnd = path.some((segment) => typeof segment === "number" && segment < 0);
  return countsFromEnd && !kind.isNever ? Kind.any : kindAt(kind, path);
}

export function sureInsert(kind: Kind, path: Path, value: Kind): Kind {
  return value.isNever ? kind : insertFrom(kind, path, 0, value.read);
}

function insertFrom(kind: Kind, path: Path, from: number, value: Kind): Kind {
  const segment = path[from];
  if (segment === undefined) return value.equals(kind) ? kind : value;
  if (typeof segment === "string") {
    const object = partsOf(kind, kind.object);
    const after = object.with(segment, insertFrom(object.at(segment), path, from + 1, value));
    return after === kind.object && kind.isExact ? kind : Kind.ofObject(after);
  }
  // Elements may move, or be too many to tell.
  if (segment < 0 || segment >= KNOWN_INDICES_MAX) return Kind.anyArray();
  const array = partsOf(kind, kind.array);
  const known = new Map(array.known);
  for (let index = 0; index < segment; index++) known.set(index, array.at(index).read);
  known.set(segment, insertFrom(array.at(segment), path, from + 1, value));
  return Kind.ofArray(new Collection(LayeredMap.of(known), array.unknown));
}

/** What was no object or array before begins as an empty one. */
function partsOf<K extends string | number>(
  kind: Kind,
  collection: Collection<K> | undefined,
): Collection<K> {
  const empty = Collection.empty<K>();
  if (collection === undefined) return empty;
  return kind.isExact ? collection : collection.or(empty);
}

export function sureRemove(kind: Kind, path: Path, compact: boolean): Kind {
  const mayMove = path.some((segment) => typeof segment === "number");
  return mayMove || (compact && path.length > 1) ? forget(kind, path) : removeKind(kind, path, false);
}

/** The kind after anything was done at the path or below. */
function forget(kind: Kind, path: Path): Kind {
  const key = path[0];
  if (typeof key !== "string" || kind.object === undefined) return Kind.any;
  return new Kind(kind.scalars, kind.array, kind.object.with(key, Kind.any));
}

/** What a piece of the program may change. */
export interface Effects {
  /** As often as they are assigned. */
  readonly variables: readonly string[];
  readonly event: readonly Path[];
  readonly metadata: readonly Path[];
}

/** The state after a piece of the program ran any number of times. */
export function widen(state: State, effects: Effects): State {
  let widened = state;
  for (const name of effects.variables) {
    if (!state.variables.has(name)) continue;
    widened = withVariable(widened, name, { type: TypeDef.of(Kind.any).impure, constant: undefined });
  }
  for (const root of ["event", "metadata"] as const) {
    let kind = state[root];
    for (const path of effects[root]) kind = forget(kind, path);
    widened = withRoot(widened, root, kind);
  }
  return widened;
}

/** A state of which nothing is known but which variables there are. */
export function anything(state: State): State {
  const details = { type: TypeDef.of(Kind.any).impure, constant: undefined };
  const names = [...state.variables.keys()];
  const variables: Variables = LayeredMap.of(names.map((name) => [name, details] as const));
  return { variables, event: Kind.any, metadata: Kind.any };
}

/** What it may change, in the order it is written in. */
export function effectsOf(piece: Expression, calls: ReadonlyMap<FunctionCall, CallFacts>): Effects {
  const effects = { variables: [] as string[], event: [] as Path[], metadata: [] as Path[] };
  const note = (target: Target | Query): void => {
    if (target.type === "ignored") return;
    const { root, path } = target.type === "variable" ? { root: target, path: [] } : target;
    if (root.type === "variable") effects.variables.push(root.name);
    if (root.type === "event" || root.type === "metadata") effects[root.type].push(path);
  };
  const visit = (expression: Expression): void => {
    if (expression.type === "assignment") {
      note(expression.target);
      if (expression.errorTarget !== undefined) note(expression.errorTarget);
    }
    if (expression.type === "call" && calls.get(expression)?.definition.removesPath)
      for (const { value } of expression.arguments) if (value.type === "query") note(value);
    eachChild(expression, visit);
  };
  visit(piece);
  return effects;
}

/** Of what is changed, that which is changed more than once: between, it is neither what it was nor what it becomes. */
export function changedAgain({ variables, event, metadata }: Effects): Effects {
  const overlapping = (paths: readonly Path[]): Path[] =>
    paths.filter((path, index) => paths.some((other, at) => at !== index && overlap(path, other)));
  return {
    variables: variables.filter((name, index) => variables.indexOf(name) !== index),
    event: overlapping(event),
    metadata: overlapping(metadata),
  };
}

/**
 * Whether what is put at one place may change what is at the other: a part of it, the same element counted from either
 * end, or a field of what had elements.
 */
function overlap(one: Path, other: Path): boolean {
  const length = Math.min(one.length, other.length);
  for (let index = 0; index < length; index++) {
    const [segment, its] = [one[index], other[index]];
    if (typeof segment === "string" && typeof its === "string" && segment !== its) return false;
  }
  return true;
}
