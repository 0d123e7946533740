/** One thing that is wrong with a value, and where. */
export interface Problem {
  readonly path: readonly (string | number)[];
  /** A whole sentence without its place. */
  readonly message: string;
  readonly expected: string;
  /** What stands there, quoted and cut short. */
  readonly received: string;
  /** The valid name or value that was probably meant. */
  readonly suggestion?: string;
}

/** Shown of a string; a reader recognises their own text from less. */
const SHOWN_CHARACTERS = 60;

/** A value for a message: quoted, on one line, never long, whatever it is. */
export function quoted(value: unknown): string {
  if (typeof value === "string") {
    // Cutting first: quoting a hundred megabytes takes as many more.
    const cut = value.length > SHOWN_CHARACTERS ? `${value.slice(0, SHOWN_CHARACTERS)}…` : value;
    return JSON.stringify(cut.toWellFormed());
  }
  if (value === null || typeof value === "number" || typeof value === "boolean") return String(value);
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : `a list of ${value.length}`;
  return typeof value === "object" ? "an object" : "nothing";
}

/** `services.web.env["A-B"].secret` or `calls[0]`, as a reader would write it. */
export function pathText(path: readonly (string | number)[]): string {
  let text = "";
  for (const part of path) {
    if (typeof part === "number") text += `[${part}]`;
    else if (/^[A-Za-z_$][\w$-]*$/.test(part) && part.length <= SHOWN_CHARACTERS)
      text += text === "" ? part : `.${part}`;
    else text += `[${quoted(part)}]`;
  }
  return text;
}
