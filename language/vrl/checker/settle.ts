/** What a program that is right hands on: types that hold whatever happens, and its calls made for them. */
import type {
  Assignment,
  Binary,
  Expression,
  FunctionCall,
  Program,
  RegexLiteral,
  TimestampLiteral,
} from "../parser/ast.ts";
import { Regex } from "../runtime/regex.ts";
import { Timestamp } from "../runtime/timestamp.ts";
import type { Value } from "../runtime/value.ts";
import type { Run } from "../stdlib/define.ts";
import type { CheckedProgram, ResolvedArgument, ResolvedCall, TargetPath } from "./checked.ts";
import type { Checker } from "./checker.ts";
import type { CallFacts, Facts } from "./facts.ts";
import { Inference, type Info } from "./inference.ts";
import { Kind, within } from "./kind.ts";
import { LayeredMap } from "./layered-map.ts";
import { pathName } from "./path-name.ts";
import type { State } from "./state.ts";
import type { TypeDef } from "./type-def.ts";

/** `start`: before the program runs. */
export function settle(program: Program, checker: Checker, start: State): CheckedProgram {
  const sure = new Inference(checker.facts, true);
  const end = sure.inferSequence(program.expressions, start);
  return new Settled(program, checker, sure, start, end);
}

class Settled implements CheckedProgram {
  readonly program: Program;
  readonly start: State;
  readonly end: State;
  readonly result: TypeDef;
  readonly isAbortable: boolean;
  readonly reads: readonly TargetPath[];
  readonly writes: readonly TargetPath[];
  readonly #facts: Facts;
  readonly #sure: Inference;
  readonly #calls = new Map<FunctionCall, ResolvedCall>();

  constructor(program: Program, checker: Checker, sure: Inference, start: State, end: Info) {
    this.program = program;
    this.start = start;
    this.end = end.state;
    this.result = end.type;
    this.isAbortable = checker.isAbortable;
    this.reads = distinct(checker.reads);
    this.writes = distinct(checker.writes);
    this.#facts = checker.facts;
    this.#sure = sure;
  }

  typeOf(expression: Expression): TypeDef {
    return this.#sure.typeSoFar(expression);
  }

  constantOf(expression: Expression): Value | undefined {
    return this.#sure.constant(expression, NOTHING_KNOWN);
  }

  callOf(call: FunctionCall): ResolvedCall {
    const known = this.#calls.get(call);
    if (known !== undefined) return known;
    const facts = this.#facts.calls.get(call)!;
    const resolved = {
      definition: facts.definition,
      run: this.#runOf(call, facts),
      arguments: facts.arguments.map((value, index) => this.#resolve(facts, value, index)),
    };
    this.#calls.set(call, resolved);
    return resolved;
  }

  #resolve(
    { definition }: CallFacts,
    value: Expression | undefined,
    index: number,
  ): ResolvedArgument | undefined {
    if (value === undefined) return undefined;
    const { kind, isPath, isTypeOnly, isUnchecked } = definition.parameters[index]!;
    if (isTypeOnly === true) return undefined;
    const isRight = isPath === true || isUnchecked === true || within(this.typeOf(value).kind, kind);
    return { value, checkedFor: isRight ? 0 : kind };
  }

  /** Made anew where what is sure is less than what the language's rules say. */
  #runOf(call: FunctionCall, facts: CallFacts): Run {
    // Most are made without a look at the call.
    if (facts.definition.prepare.length === 0) return facts.run;
    const view = this.#sure.viewOf(call);
    // Who asks for a type is told what the language's rules say it is.
    const isAboutTypes = facts.definition.parameters.some(({ isTypeOnly }) => isTypeOnly === true);
    if (isAboutTypes || view === undefined || view.agrees(facts.view)) return facts.run;
    const run = facts.definition.prepare(view);
    return typeof run === "function" ? run : facts.run;
  }

  mergeOf(assignment: Assignment): Binary {
    return this.#facts.merges.get(assignment)!;
  }

  defaultOf(assignment: Assignment): Value {
    return this.#facts.defaults.get(assignment) ?? null;
  }

  literalOf(literal: RegexLiteral): Regex;
  literalOf(literal: TimestampLiteral): Timestamp;
  literalOf(literal: RegexLiteral | TimestampLiteral): Regex | Timestamp {
    const value = this.#facts.literals.get(literal);
    if (value instanceof Regex || value instanceof Timestamp) return value;
    throw new TypeError(`Cannot tell literal "${literal.source}": the program was not checked`);
  }
}

const NOTHING_KNOWN: State = { variables: LayeredMap.of(), event: Kind.any, metadata: Kind.any };

function distinct(paths: readonly TargetPath[]): TargetPath[] {
  const byName = new Map<string, TargetPath>();
  for (const path of paths) byName.set(`${path.root}${pathName(path.path)}`, path);
  return [...byName.values()];
}
