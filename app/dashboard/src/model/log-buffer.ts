/** The newest lines of a live tail. */

export interface LogLine {
  /** Counts lines of one tail from 0; a stable key. */
  readonly sequence: number;
  readonly instance: string;
  readonly text: string;
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

export class LogBuffer {
  #lines: LogLine[] = [];
  #next = 0;
  #dropped = 0;

  append(lines: readonly { instance: string; text: string }[], atMs: number | undefined): void {
    for (const { instance, text } of lines) {
      this.#lines.push({ sequence: this.#next++, instance, text: shown(text), atMs });
    }
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

/** The newest `most` of the lines that contain `text`, whatever its case, and how many do in all. */
export function searchLines(
  lines: readonly LogLine[],
  text: string,
  most: number,
): { readonly found: readonly LogLine[]; readonly matched: number } {
  const wanted = text.toLowerCase();
  const matching = wanted === "" ? lines : lines.filter((line) => line.text.toLowerCase().includes(wanted));
  return { found: matching.slice(-most), matched: matching.length };
}
