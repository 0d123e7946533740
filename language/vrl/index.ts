/**
 * The Vector Remap Language, compiled to JavaScript.
 *
 * ```ts
 * const { program, diagnostics } = compile(".level = upcase!(.level)", { functions: standardLibrary, host: webHost() });
 * const target = { event: { level: "info" }, metadata: {} };
 * program?.run(target); // { value: "INFO" }, and target.event is { level: "INFO" }
 * ```
 */
export {
  type Compilation,
  compile,
  type CompileOptions,
  type Outcome,
  type Program,
  type ProgramTypes,
} from "./compile.ts";
export { Collection, Kind, Part } from "./checker/kind.ts";
export { type Fallibility, TypeDef } from "./checker/type-def.ts";
export type { TargetPath } from "./checker/checked.ts";
export type { ReadOnlyPath } from "./checker/checker.ts";
export type { Diagnostic } from "./diagnostic/diagnostic.ts";
export { render } from "./diagnostic/render.ts";
export type { Span } from "./diagnostic/span.ts";
export { display } from "./runtime/display.ts";
export { Failure } from "./runtime/failure.ts";
export type { Target } from "./runtime/journal.ts";
export type { Path, Segment } from "./runtime/path.ts";
export { Regex } from "./runtime/regex.ts";
export { Timestamp } from "./runtime/timestamp.ts";
export { Float, type Value, type ValueKind, type VrlObject } from "./runtime/value.ts";
export type { Category, ClosureDefinition, Example, FunctionDefinition, Parameter } from "./stdlib/define.ts";
export type { EnrichmentTables, FindOptions, Host, LogLevel, Network, Secrets } from "./stdlib/host.ts";
export { standardLibrary } from "./stdlib/index.ts";
export { kindText, signatureOf } from "./stdlib/documentation/signature.ts";
export { type Answer, isUnfinished, Session } from "./session.ts";
export { parseJsonText as parseJson } from "./stdlib/json/parse.ts";
export { jsonText as stringify, jsonTextPretty as stringifyPretty } from "./stdlib/json/write.ts";
export { webHost } from "./web-host.ts";
