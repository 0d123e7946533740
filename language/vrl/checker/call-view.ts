/** What a function's definition sees of a call and its arguments. */
import type { Expression } from "../parser/ast.ts";
import type { Path } from "../runtime/path.ts";
import type { Value } from "../runtime/value.ts";
import { valuesEqual } from "../runtime/equal.ts";
import type { ArgumentView, FunctionDefinition, Parameter, PrepareView } from "../stdlib/define.ts";
import type { Host } from "../stdlib/host.ts";
import type { Inference } from "./inference.ts";
import { Kind } from "./kind.ts";
import type { State } from "./state.ts";
import { anything } from "./sure.ts";
import { TypeDef } from "./type-def.ts";

/** A call before it is known to be right. */
export interface BoundCall {
  readonly definition: FunctionDefinition;
  /** In the parameters' order. */
  readonly arguments: readonly (Expression | undefined)[];
}

/** An expression in a state; asks only for what is looked at. */
class ExpressionView implements ArgumentView {
  readonly #inference: Inference;
  readonly #expression: Expression;
  readonly #state: State;
  readonly #isPath: boolean;

  constructor(inference: Inference, expression: Expression, state: State, isPath: boolean) {
    this.#inference = inference;
    this.#expression = expression;
    this.#state = state;
    this.#isPath = isPath;
  }

  get type(): TypeDef {
    return this.#inference.type(this.#expression, this.#state);
  }

  get constant(): Value | undefined {
    return this.#inference.constant(this.#expression, this.#state);
  }

  get path(): { segments: Path; root: TypeDef } | undefined {
    if (!this.#isPath || this.#expression.type !== "query") return undefined;
    const root = this.#inference.rootType(this.#expression, this.#state);
    return { segments: this.#expression.path, root };
  }

  get elements(): readonly ArgumentView[] | undefined {
    if (this.#expression.type !== "array") return undefined;
    return this.#expression.elements.map((element) => this.#view(element));
  }

  get fields(): ReadonlyMap<string, ArgumentView> | undefined {
    if (this.#expression.type !== "object") return undefined;
    return new Map(this.#expression.fields.map(({ key, value }) => [key, this.#view(value)]));
  }

  #view(expression: Expression): ExpressionView {
    return new ExpressionView(this.#inference, expression, this.#state, false);
  }
}

export class CallAt implements PrepareView {
  readonly host: Host;
  readonly timezone: string;
  readonly closure: TypeDef | undefined;
  readonly #inference: Inference;
  readonly #call: BoundCall;
  readonly #state: State;
  readonly #states: ReadonlyMap<Expression, State>;

  /** `states`: those arguments are in; all others are in `state`. */
  constructor(
    inference: Inference,
    call: BoundCall,
    state: State,
    closure: TypeDef | undefined,
    states: ReadonlyMap<Expression, State> = new Map(),
  ) {
    this.host = inference.facts.host;
    this.timezone = inference.facts.timezone;
    this.closure = closure;
    this.#inference = inference;
    this.#call = call;
    this.#state = state;
    this.#states = states;
  }

  inAnyState(): CallAt {
    return new CallAt(this.#inference, this.#call, anything(this.#state), this.closure);
  }

  /** Whether another view of the same call sees the same. */
  agrees(other: CallAt): boolean {
    return (
      typesAgree(this.closure, other.closure) &&
      this.#call.definition.parameters.every(({ name }) =>
        argumentsAgree(this.argument(name), other.argument(name)),
      )
    );
  }

  argument(name: string): ArgumentView | undefined {
    const index = this.#indexOf(name);
    const expression = this.#call.arguments[index];
    if (expression === undefined) return undefined;
    const state = this.#states.get(expression) ?? this.#state;
    const { isPath = false } = this.#call.definition.parameters[index]!;
    return new ExpressionView(this.#inference, expression, state, isPath);
  }

  type(name: string): TypeDef {
    const given = this.argument(name);
    if (given !== undefined) return given.type;
    const value = this.#parameter(name)?.default;
    return TypeDef.of(value === undefined ? Kind.undefined : Kind.ofValue(value));
  }

  constant(name: string): Value | undefined {
    const given = this.argument(name);
    return given === undefined ? this.#parameter(name)?.default : given.constant;
  }

  #parameter(name: string): Parameter | undefined {
    return this.#call.definition.parameters[this.#indexOf(name)];
  }

  #indexOf(name: string): number {
    return this.#call.definition.parameters.findIndex((parameter) => parameter.name === name);
  }
}

function argumentsAgree(left: ArgumentView | undefined, right: ArgumentView | undefined): boolean {
  if (left === undefined || right === undefined) return left === right;
  const [ours, theirs] = [left.constant, right.constant];
  const isSame = ours === undefined || theirs === undefined ? ours === theirs : valuesEqual(ours, theirs);
  if (!isSame || !typesAgree(left.type, right.type)) return false;
  if (!typesAgree(left.path?.root, right.path?.root)) return false;
  const parts = [...(right.elements ?? []), ...(right.fields?.values() ?? [])];
  return [...(left.elements ?? []), ...(left.fields?.values() ?? [])].every((part, index) =>
    argumentsAgree(part, parts[index]),
  );
}

function typesAgree(left: TypeDef | undefined, right: TypeDef | undefined): boolean {
  if (left === undefined || right === undefined) return left === right;
  return left.isFallible === right.isFallible && left.kind.equals(right.kind);
}
