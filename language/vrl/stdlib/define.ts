/**
 * What a function of the language is. Each lives in one file named after it, which exports
 * - the definition (`export const parseJson: FunctionDefinition = {…}`, camelCase of the function's name),
 * - `examples`: programs that documentation shows and tests run,
 * - `tests`: more programs that only tests run.
 *
 * The compiler resolves a call's arguments to parameters, checks them against the parameters' kinds and asks the
 * definition for the call's type (`typeOf`) and for the function that runs it (`prepare`). Nothing of the definition is
 * looked at while events pass.
 */
import type { Kind } from "../checker/kind.ts";
import type { TypeDef } from "../checker/type-def.ts";
import type { Failure } from "../runtime/failure.ts";
import type { Path } from "../runtime/path.ts";
import type { Value } from "../runtime/value.ts";
import type { Host } from "./host.ts";

/** The sections of the documentation. */
export type Category =
  | "Array"
  | "Checksum"
  | "Codec"
  | "Coerce"
  | "Convert"
  | "Cryptography"
  | "Debug"
  | "Enumerate"
  | "Event"
  | "IP"
  | "Map"
  | "Metrics"
  | "Number"
  | "Object"
  | "Parse"
  | "Path"
  | "Random"
  | "String"
  | "System"
  | "Timestamp"
  | "Type";

export interface Parameter {
  readonly name: string;
  /** Bits of `Part` the argument may be of; others are refused by the compiler, or fail where only the event tells. */
  readonly kind: number;
  readonly description: string;
  /** Default: it must be given. */
  readonly isOptional?: boolean;
  /** What is taken where it is not given; for documentation, and handed to `prepare`d functions in its place. */
  readonly default?: Value;
  /**
   * The argument is a path, not a value: `run` gets two inputs for it, the value the path starts at (the event, the
   * metadata, a variable's) and the path's segments.
   */
  readonly isPath?: true;
  /** Only the argument's type matters: it is never evaluated, and `run` gets `undefined` for it. */
  readonly isTypeOnly?: true;
  /** `run` sees to arguments of other kinds itself: they do not fail before it. */
  readonly isUnchecked?: true;
  /** The strings it can be, each with what it means. Others are refused by the compiler where `prepare` asks. */
  readonly variants?: Readonly<Record<string, string>>;
}

export interface Example {
  readonly title: string;
  /** A program. */
  readonly source: string;
  /** The event it gets, as JSON; default: `{}`. */
  readonly input?: string;
  /**
   * What it yields, as VRL's test files write it: JSON, `t'…'`, `r'…'`, `s'…'`, else the text itself; or for a program
   * that ends in an error, the message in `error`.
   */
  readonly result?: string;
  readonly error?: string;
  /** What it yields is not the same each time: only its type is compared. */
  readonly varies?: true;
  /** It is compiled and not run: it needs the network. */
  readonly isCompiledOnly?: true;
}

/** An argument as the checker sees it, before anything runs. */
export interface ArgumentView {
  readonly type: TypeDef;
  /** Its value, where that is known before the program runs. */
  readonly constant: Value | undefined;
  /** Of a parameter that `isPath`: the path's segments, and the type of what it starts at. */
  readonly path: { readonly segments: Path; readonly root: TypeDef } | undefined;
  /** The elements or values of an array or object literal, each by itself; undefined for anything else. */
  readonly elements: readonly ArgumentView[] | undefined;
  readonly fields: ReadonlyMap<string, ArgumentView> | undefined;
}

/** A call that is being compiled; arguments by the parameters' names. */
export interface CallView {
  /** Undefined: not given. */
  argument(name: string): ArgumentView | undefined;
  /** The type of the argument; where it is not given, that of the default, or `undefined`. */
  type(name: string): TypeDef;
  /** Its value where that is known; where it is not given, the default. */
  constant(name: string): Value | undefined;
  /** What the closure yields; undefined: none was given. */
  readonly closure: TypeDef | undefined;
}

/**
 * Runs a call: gets the arguments in the parameters' order, each of its parameter's kind, `undefined` where it was not
 * given and has no default, then the closure. Must not keep or change what it gets, but may hand parts of it on.
 */
// oxlint-disable-next-line typescript/no-explicit-any -- each function knows its own parameters' kinds
export type Run = (...inputs: any[]) => Value | Failure;

/** A closure at run time; may yield a failure, which ends the call with it. */
export type RunClosure = (...inputs: Value[]) => Value | Failure;

/** Why a call cannot be compiled, where the types alone do not tell. */
export type CallRefusal =
  | { readonly refused: "static"; readonly name: string }
  | { readonly refused: "literal" | "query" | "array" | "object" | "regex"; readonly name: string }
  | {
      readonly refused: "variant";
      readonly name: string;
      readonly value: Value;
      readonly variants: readonly string[];
    }
  /** Refused with this message alone. */
  | { readonly refused: "message"; readonly name: string; readonly message: string }
  | { readonly refused: "argument"; readonly name: string; readonly value: Value; readonly error: string }
  /** What the argument says in a language of its own cannot be compiled. */
  | {
      readonly refused: "program";
      readonly name: string;
      readonly code: number;
      readonly message: string;
      readonly labels: readonly string[];
    };

/** What the compiler offers while it prepares a call. */
export interface PrepareView extends CallView {
  readonly host: Host;
  /** The program's timezone: an IANA name, or `local`. */
  readonly timezone: string;
}

/** What a closure's variable is given in turn. */
export type ClosureVariable =
  /** Keys of the object or indices of the array that `parameter` is, or its values. */
  | { readonly of: "key" | "value"; readonly parameter: string }
  | { readonly of: "kind"; readonly kind: Kind }
  /** The argument's own type. */
  | { readonly of: "target"; readonly parameter: string };

export interface ClosureDefinition {
  readonly variables: readonly ClosureVariable[];
  /** The kind of what `parameter` must be for this closure to be given. */
  readonly parameter: string;
  readonly kind: number;
  /** What it must yield: a kind, or an array of kinds in order, or an object of fields. */
  readonly yields: Kind;
  /** Whether it runs once for each part of a collection, so that what it assigns may or may not have been assigned. */
  readonly isIterator: boolean;
  /** A program that calls the function with a closure, for who forgot it. */
  readonly example?: string;
}

export interface FunctionDefinition {
  readonly name: string;
  readonly category: Category;
  /** Whole sentences in Markdown: what it does and what one has to know to use it. */
  readonly usage: string;
  readonly parameters: readonly Parameter[];
  /** When it fails, a sentence each. */
  readonly failures?: readonly string[];
  /** Bits of `Part` of what it may return, for documentation. */
  readonly returns: number;
  /** What documentation says of what it returns, a sentence each. */
  readonly returnRules?: readonly string[];
  readonly notices?: readonly string[];
  /** Default: it yields the same for the same arguments and changes nothing. */
  readonly isImpure?: true;
  /** What it returns shares no array or object with its arguments; else it is copied where a program keeps it. */
  readonly isFresh?: true;
  /** What it returns for arguments that are known when compiled is known then, too. */
  readonly isFolded?: true;
  /** It removes what its path parameter names, and its parents that become empty where `compact` is true. */
  readonly removesPath?: true;
  readonly closure?: ClosureDefinition;
  /** The type of a call. That arguments of other kinds than the parameters' make it fallible is the compiler's to add. */
  typeOf(call: CallView): TypeDef;
  /** What its kind is for certain, where `typeOf`, which is the language's rule, tells more than holds. */
  sureKindOf?(call: CallView): Kind;
  /** The function that runs this call. Constants are looked at here, once. */
  prepare(call: PrepareView): Run | CallRefusal;
}
