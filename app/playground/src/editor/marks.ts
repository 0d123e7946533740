/** Diagnostics where they are in the program. */
import type { Diagnostic as Mark } from "@codemirror/lint";
import type { Diagnostic } from "@plinth/vrl";
import { element } from "../view/element.ts";

/** One for each place that is wrong, with all that is said of it. */
export function marksOf(diagnostics: readonly Diagnostic[], length: number): Mark[] {
  return diagnostics.flatMap((diagnostic) => {
    const primary = diagnostic.labels.filter(({ isPrimary }) => isPrimary);
    const places = new Map(primary.map(({ span }) => [`${span.start} ${span.end}`, span]));
    return [...places.values()].map(({ start, end }) => ({
      from: Math.min(start, length),
      to: Math.min(end, length),
      severity: severityOf(diagnostic),
      message: titleOf(diagnostic),
      renderMessage: () => explained(diagnostic),
    }));
  });
}

export function severityOf({ severity }: Diagnostic): "error" | "warning" | "info" {
  if (severity === "warning") return "warning";
  return severity === "note" ? "info" : "error";
}

function titleOf({ severity, code, message }: Diagnostic): string {
  return `${severity}[E${String(code).padStart(3, "0")}]: ${message}`;
}

function explained(diagnostic: Diagnostic): HTMLElement {
  const { labels, notes } = diagnostic;
  // Where to read on is told below the program.
  const advice = notes.filter((note) => note.trim() !== "" && !note.startsWith("see "));
  const lines = [...labels.map(({ message }) => message), ...advice].filter((line) => line !== "");
  return element("div", "", element("b", "", titleOf(diagnostic)), `\n${lines.join("\n")}`);
}
