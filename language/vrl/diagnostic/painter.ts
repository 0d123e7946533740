/** Writes text for a terminal, in colours or without. */
import type { Severity } from "./diagnostic.ts";

export type Style = keyof typeof sequences;

/** ANSI escapes; bright colours are of the palette of 256. */
const sequences = {
  message: "\x1b[1m",
  bugHeader: "\x1b[1m\x1b[38;5;9m",
  errorHeader: "\x1b[1m\x1b[38;5;9m",
  warningHeader: "\x1b[1m\x1b[38;5;11m",
  noteHeader: "\x1b[1m\x1b[38;5;10m",
  bugLabel: "\x1b[31m",
  errorLabel: "\x1b[31m",
  warningLabel: "\x1b[33m",
  noteLabel: "\x1b[32m",
  frame: "\x1b[34m",
} as const;
const RESET = "\x1b[0m";

export class Painter {
  output = "";
  readonly #hasColor: boolean;

  constructor(hasColor: boolean) {
    this.#hasColor = hasColor;
  }

  write(text: string): void {
    this.output += text;
  }

  /** Style of what is written from now on. */
  begin(style: Style): void {
    if (this.#hasColor) this.output += RESET + sequences[style];
  }

  end(): void {
    if (this.#hasColor) this.output += RESET;
  }

  paint(style: Style, text: string): void {
    this.begin(style);
    this.write(text);
    this.end();
  }
}

/** Labels that are not primary look the same in all diagnostics. */
export function labelStyle(severity: Severity, isPrimary: boolean): Style {
  return isPrimary ? `${severity}Label` : "frame";
}
