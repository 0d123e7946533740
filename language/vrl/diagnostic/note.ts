/** What stands below a diagnostic: advice, and where to read on. */
const DOCS = "https://vrl.dev";
const ERROR_DOCS = "https://errors.vrl.dev";
const FUNCTION_DOCS = "https://functions.vrl.dev";

/** One line, or several that are indented alike. */
export type Note = string;

export function hint(text: string): Note {
  return `hint: ${text}`;
}

export function example(text: string): Note {
  return `example: ${text}`;
}

/** Code to try, with what it does: several notes, as each has its own line. */
export function solution(title: string, lines: readonly string[]): Note[] {
  return [`try: ${title}`, " ", ...lines.map((line) => `    ${line}`), " "];
}

export const coerceValue: Note = hint("coerce the value to the required type using a coercion function");

export function seeDocs(subject: string, url: string): Note {
  return `see documentation about ${subject} at ${url}`;
}

export const seeErrorDocs: Note = seeDocs("error handling", `${ERROR_DOCS}/#handling`);
export const seeCoercionDocs: Note = seeDocs("type coercion", `${FUNCTION_DOCS}/#coerce-functions`);

/** `anchor` is the name of the expression in the documentation. */
export function seeExpressionDocs(subject: string, anchor: string): Note {
  return seeDocs(subject, `${DOCS}/expressions/#${anchor}`);
}

export const seeFunctionCharacteristics: Note = `see functions characteristics documentation at ${DOCS}/expressions/#function-call-characteristics`;

export function seeCodeDocs(code: number): Note {
  return `learn more about error code ${code} at ${ERROR_DOCS}/${code}`;
}

/** Below every diagnostic. */
export const closingNotes: readonly Note[] = [
  `see language documentation at ${DOCS}`,
  `try your code in the VRL REPL, learn more at ${DOCS}/examples`,
];
