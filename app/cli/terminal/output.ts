import { once } from "node:events";
import type { WriteStream } from "node:tty";
import { wrap } from "./wrap.ts";

export type Colour = "bold" | "dim" | "red" | "green" | "yellow" | "blue" | "magenta" | "cyan";

const codes: Readonly<Record<Colour, number>> = {
  bold: 1,
  dim: 2,
  red: 31,
  green: 32,
  yellow: 33,
  blue: 34,
  magenta: 35,
  cyan: 36,
};

/** For output that is not a terminal, and terminals that do not tell. */
const COLUMNS_DEFAULT = 80;

type Stream = Pick<WriteStream, "write"> & {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
};

export interface OutputOptions {
  readonly stdout: Stream;
  readonly stderr: Stream;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly colour: boolean;
  readonly quiet: boolean;
}

/** Results go to standard output, everything else to standard error. */
export class Output {
  readonly stdout: Surface;
  readonly stderr: Surface;
  readonly #quiet: boolean;

  constructor(options: OutputOptions) {
    const { environment } = options;
    const colour = options.colour && (environment["NO_COLOR"] ?? "") === "" && environment["TERM"] !== "dumb";
    const animated = environment["TERM"] !== "dumb" && (environment["CI"] ?? "") === "";
    this.stdout = new Surface(options.stdout, colour, animated);
    this.stderr = new Surface(options.stderr, colour, animated);
    this.#quiet = options.quiet;
  }

  /** A line of the result. */
  result(line: string): void {
    this.stdout.write(`${line}\n`);
  }

  /** The whole result as JSON. */
  json(value: unknown): void {
    this.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
  }

  /** One line of a stream of JSON values. */
  event(value: unknown): void {
    this.stdout.write(`${JSON.stringify(value)}\n`);
  }

  /** A message for people; --quiet leaves it out. */
  note(line: string): void {
    if (!this.#quiet) this.stderr.write(`${line}\n`);
  }

  /** Something that is not as it should be, though the command goes on. */
  warn(line: string): void {
    const label = "warning:";
    const wide = this.stderr.isTerminal ? this.stderr.columns : Number.POSITIVE_INFINITY;
    const [first = "", ...rest] = wrap(line, wide - label.length - 1);
    const lines = [`${this.stderr.paint("yellow", label)} ${first}`, ...rest.map((more) => `  ${more}`)];
    this.stderr.write(`${lines.join("\n")}\n`);
  }

  /** Said even with --quiet. */
  error(line: string): void {
    this.stderr.write(`${line}\n`);
  }
}

/** One of the two streams, with what is known about its reader. */
export class Surface {
  readonly isTerminal: boolean;
  /** Whether lines may be redrawn. */
  readonly isAnimated: boolean;
  readonly #stream: Stream;
  readonly #colour: boolean;

  constructor(stream: Stream, colour: boolean, animated: boolean) {
    this.#stream = stream;
    this.isTerminal = stream.isTTY === true;
    this.isAnimated = this.isTerminal && animated;
    this.#colour = this.isTerminal && colour;
  }

  get hasColour(): boolean {
    return this.#colour;
  }

  get columns(): number {
    const columns = this.#stream.columns;
    return columns === undefined || columns < 1 ? COLUMNS_DEFAULT : columns;
  }

  /** Lines of a terminal that tells. */
  get rows(): number | undefined {
    const rows = this.#stream.rows;
    return rows === undefined || rows < 1 ? undefined : rows;
  }

  write(text: string | Uint8Array): void {
    this.#stream.write(text);
  }

  /** Writes and waits for a slow reader, for output without a bound. */
  async writeAll(text: string | Uint8Array, signal: AbortSignal): Promise<void> {
    if (this.#stream.write(text)) return;
    await once(this.#stream as WriteStream, "drain", { signal }).catch((error: unknown) => {
      signal.throwIfAborted(); // with its own reason
      throw error;
    });
  }

  paint(colour: Colour, text: string): string {
    return this.#colour ? `\u001b[${codes[colour]}m${text}\u001b[0m` : text;
  }
}
