/** Responses waiting for the connection, beside the one that each writer holds while it waits for room. */
const WAITING_MAX = 16;
/** Of them, unless a single one is larger. */
const WAITING_BYTES_MAX = 2 ** 20;

/** Carries responses of many writers to one stream. Writers wait for room, so a slow reader costs little memory. */
export class Outbox<Item> implements AsyncIterable<Item> {
  readonly #bytesOf: (item: Item) => number;
  #items: Item[] = [];
  #bytes = 0;
  #ended = false;
  #error: Error | undefined = undefined;
  #wakeReader: (() => void) | undefined = undefined;
  #writers: (() => void)[] = [];

  /** `bytesOf`: about what an item holds in memory. Default: nothing worth counting. */
  constructor(bytesOf: (item: Item) => number = () => 0) {
    this.#bytesOf = bytesOf;
  }

  /** Writers wait: the connection does not take what there is. */
  get isFull(): boolean {
    return this.#items.length >= WAITING_MAX || this.#bytes >= WAITING_BYTES_MAX;
  }

  /** Resolves when `push` may be called at once; false: nobody reads any more. */
  async room(): Promise<boolean> {
    while (!this.#ended && this.isFull) {
      await new Promise<void>((resolve) => this.#writers.push(resolve));
    }
    return !this.#ended;
  }

  push(item: Item): void {
    if (this.#ended) return;
    this.#items.push(item);
    this.#bytes += this.#bytesOf(item);
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

  /** One after the other while there is room: who has given up meanwhile does not push. */
  readonly #wakeWriter = (): void => {
    if (this.isFull || this.#writers.length === 0) return;
    this.#writers.shift()!();
    // By then it has pushed, if it is going to.
    setImmediate(this.#wakeWriter);
  };

  [Symbol.asyncIterator](): AsyncIterator<Item, void> {
    return {
      // Not a generator: this is on the way of every event, and most of the time an item is there.
      next: async () => {
        for (;;) {
          const item = this.#items.shift();
          if (item !== undefined) {
            this.#bytes -= this.#bytesOf(item);
            this.#wakeWriter();
            return { done: false, value: item };
          }
          if (this.#error !== undefined) throw this.#error;
          if (this.#ended) return { done: true, value: undefined };
          await new Promise<void>((resolve) => (this.#wakeReader = resolve));
        }
      },
      return: async () => {
        this.end();
        return { done: true, value: undefined };
      },
    };
  }
}
