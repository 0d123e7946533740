/** What is known at a point of the program: of its variables, the event and the metadata. Immutable, and shared. */
import type { Value } from "../runtime/value.ts";
import { valuesEqual } from "../runtime/equal.ts";
import { Kind } from "./kind.ts";
import type { LayeredMap } from "./layered-map.ts";
import type { TypeDef } from "./type-def.ts";

/** What is known of a variable. */
export interface Details {
  readonly type: TypeDef;
  readonly constant: Value | undefined;
}

export type Variables = LayeredMap<string, Details>;

export interface State {
  readonly variables: Variables;
  readonly event: Kind;
  readonly metadata: Kind;
}

export function withVariable(state: State, name: string, details: Details): State {
  const previous = state.variables.get(name);
  if (previous !== undefined && detailsEqual(previous, details)) return state;
  return { ...state, variables: state.variables.with(name, details) };
}

export function withoutVariable(state: State, name: string): State {
  const variables = state.variables.without(name);
  return variables === state.variables ? state : { ...state, variables };
}

export function withRoot(state: State, root: "event" | "metadata", kind: Kind): State {
  return state[root] === kind ? state : { ...state, [root]: kind };
}

/** The same state where it is the same, so that what was found out for it is not found out again. */
function detailsEqual(left: Details, right: Details): boolean {
  return (
    left === right ||
    (left.constant === right.constant &&
      left.type.fallibility === right.type.fallibility &&
      left.type.isPure === right.type.isPure &&
      left.type.kind.equals(right.type.kind) &&
      left.type.returns.equals(right.type.returns))
  );
}

/** After a block: what it did to the variables around it stays, its own are gone. */
export function leaveScope(outer: Variables, inner: State): State {
  let variables = outer;
  for (const name of inner.variables.keysApart(outer)) {
    const details = inner.variables.get(name);
    if (details !== undefined && outer.has(name)) variables = variables.with(name, details);
  }
  return inner.variables === variables ? inner : { ...inner, variables };
}

/** Either of two states; `ifMissing` is what a variable is taken for on the side that does not have it. */
export function mergeStates(left: State, right: State, ifMissing?: Kind): State {
  if (left === right) return left;
  const event = left.event.or(right.event);
  const metadata = left.metadata.or(right.metadata);
  return { variables: mergeVariables(left.variables, right.variables, ifMissing), event, metadata };
}

function mergeVariables(left: Variables, right: Variables, ifMissing: Kind | undefined): Variables {
  let merged = left;
  for (const name of left.keysApart(right)) {
    const [ours, theirs] = [left.get(name), right.get(name)];
    if (ours !== undefined && theirs !== undefined) {
      if (ours !== theirs) merged = merged.with(name, mergeDetails(ours, theirs));
    } else if (ours !== undefined || theirs !== undefined)
      merged = merged.with(name, weaken((ours ?? theirs)!, ifMissing));
  }
  return merged;
}

function weaken(details: Details, ifMissing: Kind | undefined): Details {
  if (ifMissing === undefined) return details;
  return { type: details.type.withKind(details.type.kind.or(ifMissing)), constant: undefined };
}

function mergeDetails(left: Details, right: Details): Details {
  const isSame =
    left.constant !== undefined && right.constant !== undefined && valuesEqual(left.constant, right.constant);
  return { type: left.type.or(right.type), constant: isSame ? left.constant : undefined };
}
