/** The newest lines of a live tail. */
import type { TailLine } from "../api/tail.ts";

/** One of the fields that a line was read as. */
export interface LogField {
  /** With the names of what it is in: `http.status`. */
  readonly name: string;
  readonly value: string;
}

export interface LogLine {
  /** Counts lines of one tail from 0; a stable key. */
  readonly sequence: number;
  readonly instance: string;
  /** As it was written, or the message of what it was read as. */
  readonly text: string;
  /** All others. */
  readonly fields: readonly LogField[];
  /** Why it could not be read. */
  readonly error: string | undefined;
  /** When it came in, for lines that came while watching. */
  readonly atMs: number | undefined;
}

/** Enough to scroll back through an incident; small enough for a phone. */
export const LOG_LINES_MAX = 5000;

const CONTROL_SEQUENCE =
  /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[PX^_][^\u001b]*(?:\u001b\\)?|[ -/]*[0-~])/g;

/** Terminal control sequences are dropped; any other control character is shown as its picture. */
export function plainText(raw: string): string {
  return (
    raw
      .replace(CONTROL_SEQUENCE, "")
      .replace(/[\u0000-\u0008\u000b-\u001f]/g, (character) =>
        String.fromCharCode(0x2400 + character.charCodeAt(0)),
      )
      .replace(/[\u007f-\u009f]/g, "␡")
      // Overrides of writing direction can make a line read as what it is not.
      .replace(/[\u202a-\u202e\u2066-\u2069]/g, "�")
  );
}

/** Longer lines are cut: drawing them would stop the page. */
const TEXT_CHARACTERS_MAX = 8192;

const shown = (text: string): string =>
  plainText(text.length > TEXT_CHARACTERS_MAX ? `${text.slice(0, TEXT_CHARACTERS_MAX)}…` : text);

/** More would be a table, not a line; the rest is counted. */
const FIELDS_MAX = 40;

/** What a line was read as, one level after another; what says where it is from stands beside it already. */
function fieldsOf(read: Readonly<Record<string, unknown>>): LogField[] {
  const fields: LogField[] = [];
  const take = (value: unknown, name: string): void => {
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      for (const [key, inner] of Object.entries(value)) take(inner, name === "" ? key : `${name}.${key}`);
    } else if (!OWN_FIELDS.has(name))
      fields.push({
        name: shown(name),
        value: shown(typeof value === "string" ? value : JSON.stringify(value)),
      });
  };
  take(read, "");
  if (fields.length <= FIELDS_MAX) return fields;
  const rest = fields.length - FIELDS_MAX;
  return [...fields.slice(0, FIELDS_MAX), { name: "…", value: `${rest} more` }];
}

const OWN_FIELDS: ReadonlySet<string> = new Set(["message", "app", "service", "instance"]);

function readLine({ line, fields, error }: TailLine): Pick<LogLine, "text" | "fields" | "error"> {
  if (fields === undefined) return { text: shown(line), fields: [], error: error && shown(error) };
  const message = fields["message"];
  return {
    text: typeof message === "string" ? shown(message) : "",
    fields: fieldsOf(fields),
    error: undefined,
  };
}

export class LogBuffer {
  #lines: LogLine[] = [];
  #next = 0;
  #dropped = 0;

  append(lines: readonly TailLine[], atMs: number | undefined): void {
    for (const line of lines)
      this.#lines.push({ sequence: this.#next++, instance: line.instance, ...readLine(line), atMs });
    // Cut in blocks: moving 5000 entries for every line would cost more than drawing them.
    if (this.#lines.length > LOG_LINES_MAX * 1.2) {
      const excess = this.#lines.length - LOG_LINES_MAX;
      this.#lines = this.#lines.slice(excess);
      this.#dropped += excess;
    }
  }

  get lines(): readonly LogLine[] {
    return this.#lines;
  }

  /** Lines that were here and had to make room. */
  get dropped(): number {
    return this.#dropped;
  }

  /** How many lines ever came in. */
  get count(): number {
    return this.#next;
  }
}

/** The newest `most` of the lines that contain `text` or have it as `name=value`, whatever its case; how many do in all. */
export function searchLines(
  lines: readonly LogLine[],
  text: string,
  most: number,
): { readonly found: readonly LogLine[]; readonly matched: number } {
  const wanted = text.toLowerCase();
  const has = ({ text: said, fields }: LogLine): boolean =>
    said.toLowerCase().includes(wanted) ||
    fields.some(({ name, value }) => `${name}=${value}`.toLowerCase().includes(wanted));
  const matching = wanted === "" ? lines : lines.filter(has);
  return { found: matching.slice(-most), matched: matching.length };
}
