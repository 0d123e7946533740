/** What the compiler has to say about a program. */
import type { Note } from "./note.ts";
import type { Span } from "./span.ts";

/** `bug`: the compiler contradicts itself; with `error`, the program cannot run. */
export type Severity = "bug" | "error" | "warning" | "note";

export interface Label {
  readonly message: string;
  readonly span: Span;
  /** What is wrong, underlined by `^`; other labels tell what it has to do with, underlined by `-`. */
  readonly isPrimary: boolean;
}

export interface Diagnostic {
  readonly severity: Severity;
  /** Shown as `E` and three digits. Each code means one thing, in all releases. */
  readonly code: number;
  readonly message: string;
  readonly labels: readonly Label[];
  readonly notes: readonly Note[];
}

export function primaryLabel(message: string, span: Span): Label {
  return { message, span, isPrimary: true };
}

export function contextLabel(message: string, span: Span): Label {
  return { message, span, isPrimary: false };
}

/** An error with one label. */
export function errorAt(code: number, message: string, label: string, span: Span): Diagnostic {
  return { severity: "error", code, message, labels: [primaryLabel(label, span)], notes: [] };
}

/** Whether a program with it cannot run. */
export function isProblem(diagnostic: Diagnostic): boolean {
  return diagnostic.severity === "error" || diagnostic.severity === "bug";
}
