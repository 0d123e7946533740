/** Responses waiting for the connection, beside the one that each writer holds while it waits for room. */
const WAITING_MAX = 16;

/** Carries responses of many writers to one stream. Writers wait for room, so a slow reader costs little memory. */
export class Outbox<Item> implements AsyncIterable<Item> {
  #items: Item[] = [];
  #ended = false;
  #error: Error | undefined = undefined;
  #wakeReader: (() => void) | undefined = undefined;
  #writers: (() => void)[] = [];

  /** Resolves when `push` may be called at once; false: nobody reads any more. */
  async room(): Promise<boolean> {
    while (!this.#ended && this.#items.length >= WAITING_MAX) {
      await new Promise<void>((resolve) => this.#writers.push(resolve));
    }
    return !this.#ended;
  }

  push(item: Item): void {
    if (this.#ended) return;
    this.#items.push(item);
    this.#wakeReader?.();
  }

  /** Ends the stream, with an error at once, else after what waits. */
  end(error?: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    if (error !== undefined) this.#items = [];
    this.#wakeReader?.();
    for (const wake of this.#writers.splice(0)) wake();
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Item> {
    try {
      for (;;) {
        const item = this.#items.shift();
        if (item !== undefined) {
          this.#writers.shift()?.();
          yield item;
        } else if (this.#error !== undefined) throw this.#error;
        else if (this.#ended) return;
        else await new Promise<void>((resolve) => (this.#wakeReader = resolve));
      }
    } finally {
      this.end();
    }
  }
}
