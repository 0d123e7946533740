import { ReadStream } from "node:tty";
import type { Clock } from "@plinth/clock";

/** What the command wrote last is there by then; what it left running may hold the terminal for as long as it likes. */
const DRAIN_MS = 200;

/** Joins a container's terminal with the caller's standard streams. Disposing ends that once all was said. */
export class TerminalLink implements AsyncDisposable {
  readonly #screen: ReadStream;
  readonly #closed: Promise<void>;
  readonly #isRaw: boolean;
  readonly #clock: Clock;

  /** Takes over the descriptor of the master. */
  constructor(master: number, clock: Clock) {
    this.#clock = clock;
    const screen = new ReadStream(master);
    this.#screen = screen;
    this.#closed = new Promise((resolve) => screen.once("close", resolve));
    // What is read when the last process has closed the other end is an error, to the kernel.
    screen.on("error", () => screen.destroy());
    screen.pipe(process.stdout, { end: false });
    const { stdin } = process;
    // Keys go to the container as they are, Ctrl-C among them.
    this.#isRaw = stdin.isTTY;
    if (this.#isRaw) stdin.setRawMode(true);
    stdin.on("data", (keys: Buffer) => screen.write(keys));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isRaw) process.stdin.setRawMode(false);
    process.stdin.destroy();
    const over = new AbortController();
    await Promise.race([this.#closed, this.#clock.sleep(DRAIN_MS, over.signal).catch(() => {})]);
    over.abort();
    this.#screen.destroy();
  }
}

/** Of the terminal that this process is run in, if it is. */
export function consoleSize(): { readonly width: number; readonly height: number } | undefined {
  const { columns, rows } = process.stdout;
  return columns > 0 && rows > 0 ? { width: columns, height: rows } : undefined;
}
