/** Offers functions, the program's own variables and the event's fields. */
import type {
  Completion,
  CompletionContext,
  CompletionResult,
  CompletionSource,
} from "@codemirror/autocomplete";
import { syntaxTree } from "@codemirror/language";
import type { EditorView } from "@codemirror/view";
import type { FunctionHelp } from "../worker/messages.ts";
import { functionCard } from "./function-card.ts";

/** What can be offered; asked for each time, as it changes while the program is written. */
export interface Offer {
  functions(): readonly FunctionHelp[];
  /** JSON, or what will be some. */
  event(): string;
}

const keywords = ["if", "else", "abort", "return", "true", "false", "null"];
/** Looked for variables: as far as anyone writes by hand. */
const PROGRAM_LENGTH_MAX = 100_000;
/** Parsed for its fields at each key. */
const EVENT_LENGTH_MAX = 100_000;

export function completionSource(offer: Offer): CompletionSource {
  return (context) => {
    const around = syntaxTree(context.state).resolveInner(context.pos, -1).name;
    if (around === "comment" || around === "string" || around === "regexp" || around === "literal")
      return null;
    return fields(context, offer.event()) ?? names(context, offer.functions());
  };
}

function names(context: CompletionContext, functions: readonly FunctionHelp[]): CompletionResult | null {
  const word = context.matchBefore(/[\p{L}_]\w*/u);
  if (word === null && !context.explicit) return null;
  const from = word?.from ?? context.pos;
  const program = context.state.doc.sliceString(0, PROGRAM_LENGTH_MAX);
  const variables = new Set(
    [
      ...program.matchAll(/(?<![\w.%@])([a-z_]\w*)\s*(?:,\s*\w+\s*)?=(?!=)/g),
      ...program.matchAll(/\|([^|\n]+)\|/g),
    ]
      .flatMap(([, found = ""]) => found.split(","))
      .map((name) => name.trim())
      .filter((name) => /^[a-z_]\w*$/.test(name)),
  );
  return {
    from,
    validFor: /^\w*$/,
    options: [
      ...functions.map(functionCompletion),
      ...[...variables].map((label) => ({ label, type: "variable", boost: 1 })),
      ...keywords.map((label) => ({ label, type: "keyword" })),
    ],
  };
}

function functionCompletion(help: FunctionHelp): Completion {
  return {
    label: help.name,
    type: "function",
    detail: help.category,
    info: () => functionCard(help),
    apply(view, _, from, to) {
      insertCall(view, help.name, from, to);
    },
  };
}

/** With parentheses, and the cursor between them, unless they are there. */
function insertCall(view: EditorView, name: string, from: number, to: number): void {
  const isCall = /^!?\(/.test(view.state.doc.sliceString(to, to + 2));
  view.dispatch({
    changes: { from, to, insert: isCall ? name : `${name}()` },
    selection: { anchor: from + name.length + 1 },
    userEvent: "input.complete",
  });
}

/** Of paths that begin at the event: `.`, `.user.` and so on. */
function fields(context: CompletionContext, event: string): CompletionResult | null {
  const path = context.matchBefore(/(?:\.[\w@]*)+/);
  if (path === null) return null;
  const before = context.state.doc.sliceString(Math.max(0, path.from - 1), path.from);
  // A path of a variable, a call or a literal: nothing is known of those here.
  if (/[\w)\]}"'@]/.test(before)) return null;
  const steps = path.text.split(".").slice(1);
  const last = steps.pop() ?? "";
  const options = keysAt(event, steps)
    .filter((key) => /^[A-Za-z_@][\w@]*$/.test(key))
    .map((label) => ({ label, type: "property" }));
  return { from: context.pos - last.length, validFor: /^[\w@]*$/, options };
}

function keysAt(event: string, steps: readonly string[]): string[] {
  if (event.length > EVENT_LENGTH_MAX) return [];
  try {
    let value = JSON.parse(event) as unknown;
    for (const step of steps) value = isRecord(value) && Object.hasOwn(value, step) ? value[step] : undefined;
    return isRecord(value) ? Object.keys(value) : [];
  } catch {
    return [];
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
