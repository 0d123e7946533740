/** JavaScript as it is being written: lines of statements, each from a place in the program. */

/** A line of the generated function, and where in the program it comes from. */
export interface Line {
  readonly text: string;
  /** UTF-16 offset; undefined: from nowhere in particular. */
  readonly origin: number | undefined;
}

export class Emitter {
  #lines: Line[] = [];
  #depth = 1;
  #names = 0;
  #origin: number | undefined;
  /** Values that are no literals in JavaScript: parameters of the generated code. */
  readonly constants: unknown[] = [];
  readonly #constantNames = new Map<unknown, string>();

  get lines(): readonly Line[] {
    return this.#lines;
  }

  /** A position to put lines at later. */
  get position(): number {
    return this.#lines.length;
  }

  /** What follows comes from there; returns where the last came from. */
  from(origin: number | undefined): number | undefined {
    const before = this.#origin;
    this.#origin = origin;
    return before;
  }

  line(text: string): void {
    this.#lines.push({ text: "  ".repeat(this.#depth) + text, origin: this.#origin });
  }

  /** `opening {`, what `body` writes, `}`. */
  block(opening: string, body: () => void): void {
    this.line(`${opening} {`);
    this.#depth++;
    body();
    this.#depth--;
    this.line("}");
  }

  /** Puts a line where `position` was taken. */
  insert(position: number, text: string): void {
    this.#lines.splice(position, 0, { text: "  ".repeat(this.#depth) + text, origin: this.#origin });
  }

  /** Writes elsewhere: the lines that `body` writes are returned and not kept. */
  aside(body: () => void): readonly Line[] {
    const [lines, depth] = [this.#lines, this.#depth];
    this.#lines = [];
    this.#depth = 1;
    body();
    const written = this.#lines;
    this.#lines = lines;
    this.#depth = depth;
    return written;
  }

  /** A name nothing else has; programs' own names never become names here. */
  name(prefix: string): string {
    return `${prefix}${this.#names++}`;
  }

  /** The name that `value` goes by. */
  constant(value: unknown): string {
    const known = this.#constantNames.get(value);
    if (known !== undefined) return known;
    const name = `k${this.constants.length}`;
    this.constants.push(value);
    this.#constantNames.set(value, name);
    return name;
  }
}
