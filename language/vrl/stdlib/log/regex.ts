import { type GroupTexts, Regex } from "../../runtime/regex.ts";

/** An expression of ours, of Rust's syntax: searched in linear time, and compiled when it is first needed. */
export class LinearRegex {
  readonly #source: string;
  #regex: Regex | undefined;

  constructor(source: string) {
    this.#source = source;
  }

  /** The texts of the leftmost match's groups. */
  groups(text: string): GroupTexts | undefined {
    return this.#compiled().groups(text);
  }

  test(text: string): boolean {
    return this.#compiled().test(text);
  }

  get groupNames(): readonly (string | undefined)[] {
    return this.#compiled().groupNames;
  }

  #compiled(): Regex {
    if (this.#regex !== undefined) return this.#regex;
    const regex = Regex.compile(this.#source);
    if (!(regex instanceof Regex)) throw new TypeError(`Cannot compile ${this.#source}: ${regex.message}`);
    this.#regex = regex;
    return regex;
  }
}
