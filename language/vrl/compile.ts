/** From a program's text to a function on events. */
import { check, type CheckOptions } from "./checker/check.ts";
import type { CheckedProgram, TargetPath } from "./checker/checked.ts";
import type { ReadOnlyPath } from "./checker/checker.ts";
import { LayeredMap } from "./checker/layered-map.ts";
import type { State } from "./checker/state.ts";
import { Kind, Part } from "./checker/kind.ts";
import type { TypeDef } from "./checker/type-def.ts";
import { evaluate, javascriptOf, type RunProgram } from "./codegen/evaluate.ts";
import { generate, type Generated } from "./codegen/generate.ts";
import type { Diagnostic } from "./diagnostic/diagnostic.ts";
import { parse } from "./parser/parse.ts";
import { Aborted, Failure } from "./runtime/failure.ts";
import { Journal, type Target } from "./runtime/journal.ts";
import { isObject, kindOf } from "./runtime/kind-of.ts";
import type { Value, VrlObject } from "./runtime/value.ts";
import type { FunctionDefinition } from "./stdlib/define.ts";
import type { Host } from "./stdlib/host.ts";

export interface CompileOptions {
  /** What programs can call: `standardLibrary`, or some of it and others. */
  readonly functions: readonly FunctionDefinition[];
  readonly host: Host;
  /** What programs get; default: objects of anything. An event that is of no such kind ends in an error. */
  readonly types?: { readonly event?: Kind; readonly metadata?: Kind };
  /** Of times without one: an IANA name, or `local`; default: UTC. */
  readonly timezone?: string;
  /** Paths that programs may not change. */
  readonly readOnly?: readonly ReadOnlyPath[];
  /** Whether `abort` takes back what the program has changed; default: it does. */
  readonly takesBackOnAbort?: boolean;
  /** What stacks and profiles call the program; default: `program.vrl`. */
  readonly name?: string;
}

/** How a run ended. */
export type Outcome =
  | { readonly value: Value }
  /** A failure that the program did not handle: its message. */
  | { readonly error: string }
  /** `abort`, with its message if it has one. */
  | { readonly aborted: string | undefined };

export interface Program {
  /** Changes the event and metadata of `target` in place. */
  run(target: Target): Outcome;
  readonly types: ProgramTypes;
  /** The generated function, for people to read. */
  readonly javascript: string;
}

export interface ProgramTypes {
  /** Of what it yields, and of the event and its metadata afterwards. */
  readonly result: TypeDef;
  readonly event: Kind;
  readonly metadata: Kind;
  readonly isAbortable: boolean;
  readonly reads: readonly TargetPath[];
  readonly writes: readonly TargetPath[];
}

export interface Compilation {
  /** Undefined: there is an error among the diagnostics. */
  readonly program: Program | undefined;
  /** Errors and warnings. */
  readonly diagnostics: readonly Diagnostic[];
}

/** Never throws for what `source` is. */
export function compile(source: string, options: CompileOptions): Compilation {
  const { program, diagnostics: syntaxErrors } = parse(source);
  const { checked, diagnostics } = check(program, { ...checkOptionsOf(source, options), syntaxErrors });
  return { program: checked && programOf(checked, source, options), diagnostics };
}

export function checkOptionsOf(
  source: string,
  { functions, host, types = {}, timezone = "UTC", readOnly = [] }: CompileOptions,
): CheckOptions & { readonly start: State } {
  const { event = Kind.anyObject(), metadata = Kind.anyObject() } = types;
  return {
    functions,
    host,
    timezone,
    source,
    start: { variables: LayeredMap.of(), event, metadata },
    readOnlyPaths: readOnly,
  };
}

/** Values that nest beyond the stack, and strings beyond what the engine holds, end the run as failures do. */
function runOnce(runProgram: RunProgram, target: Target, journal: Journal | undefined): Value | Failure {
  try {
    return runProgram(target, journal);
  } catch (error) {
    if (error instanceof RangeError) return new Failure(`a value is too large: ${error.message}`);
    throw error;
  }
}

/** Undefined: `value` is of the kind, as far as that is seen without looking into it. */
function mismatch(kind: Kind, value: Value): string | undefined {
  if (kind.has(Part.object) && isObject(value)) return undefined;
  const found = kindOf(value);
  return kind.has(Part[found]) ? undefined : `expected ${kind.toString()}, got ${found}`;
}

/** `variables`: keeps the program's variables beyond it. */
export function programOf(
  checked: CheckedProgram,
  source: string,
  { takesBackOnAbort = true, name = "program.vrl" }: CompileOptions,
  variables?: VrlObject,
): Program {
  const generated: Generated = generate(checked, { source, isJournaled: takesBackOnAbort, variables });
  const runProgram: RunProgram = evaluate(generated, source, name);
  const journal = generated.isJournaled ? new Journal() : undefined;
  const { start } = checked;
  const { result, end, isAbortable, reads, writes } = checked;
  return {
    run(target) {
      // What was said of them is relied on.
      const problem = mismatch(start.event, target.event) ?? mismatch(start.metadata, target.metadata);
      if (problem !== undefined) return { error: problem };
      const yielded = runOnce(runProgram, target, journal);
      if (!(yielded instanceof Failure)) {
        journal?.clear();
        return { value: yielded };
      }
      if (yielded instanceof Aborted) {
        journal?.undo();
        return { aborted: yielded.reason };
      }
      journal?.clear();
      return { error: yielded.message };
    },
    types: { result, event: end.event, metadata: end.metadata, isAbortable, reads, writes },
    get javascript() {
      return javascriptOf(generated);
    },
  };
}
