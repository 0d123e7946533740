/** Which JavaScript variable holds which of the program's. */
import type { Emitter } from "./emitter.ts";
import { stringLiteral } from "./literals.ts";

/**
 * A name is one variable throughout a program, as scopes are checked before it runs; only closures' parameters hide
 * what has their name. `store`: JavaScript of an object that keeps the variables beyond the program; undefined: nothing
 * does.
 */
export class Scope {
  readonly #emitter: Emitter;
  readonly #names = new Map<string, string>();
  readonly #hidden: ReadonlyMap<string, string>[] = [];

  readonly #store: string | undefined;

  constructor(emitter: Emitter, store: string | undefined) {
    this.#emitter = emitter;
    this.#store = store;
  }

  /** What it is called in JavaScript. */
  of(variable: string): string {
    for (let index = this.#hidden.length - 1; index >= 0; index--) {
      const name = this.#hidden[index]!.get(variable);
      if (name !== undefined) return name;
    }
    if (this.#store !== undefined) return `${this.#store}[${stringLiteral(variable)}]`;
    let name = this.#names.get(variable);
    if (name === undefined) this.#names.set(variable, (name = this.#emitter.name("v")));
    return name;
  }

  /** Within a closure whose parameters these are. */
  enter(parameters: ReadonlyMap<string, string>): void {
    this.#hidden.push(parameters);
  }

  leave(): void {
    this.#hidden.pop();
  }

  /** All that are to be declared. */
  get declared(): readonly string[] {
    return [...this.#names.values()];
  }
}
