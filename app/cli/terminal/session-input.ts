import { PassThrough } from "node:stream";
import type { SessionInput } from "@plinth/client";
import type { TerminalSize } from "@plinth/resource";

/** Standard input as a session takes it, until its end. */
export async function* pipedInput(): AsyncGenerator<SessionInput> {
  for await (const data of process.stdin as AsyncIterable<Buffer>) yield { data };
}

export interface OwnTerminal extends Disposable {
  readonly size: TerminalSize;
  /** Keys as they are pressed, and each new size. */
  readonly input: AsyncIterable<SessionInput>;
}

/** A terminal that has not said its size is taken for one of the old kind. */
const USUAL: TerminalSize = { rows: 24, columns: 80 };
/** Keys pressed ahead of a slow connection. */
const PRESSED_MAX = 4096;

/** Takes the user's terminal over: each key goes to the session, Ctrl-C among them. Disposing gives it back. */
export function openTerminal(): OwnTerminal {
  const { stdin, stdout } = process;
  const queue = new PassThrough({ objectMode: true, highWaterMark: PRESSED_MAX });
  const sizeOf = (): TerminalSize => ({
    rows: stdout.rows || USUAL.rows,
    columns: stdout.columns || USUAL.columns,
  });
  const onData = (data: Buffer): void => void queue.write({ data } satisfies SessionInput);
  const onEnd = (): void => void queue.end();
  const onResize = (): void => void queue.write({ size: sizeOf() } satisfies SessionInput);
  stdin.setRawMode(true);
  stdin.on("data", onData).once("end", onEnd);
  stdout.on("resize", onResize);
  return {
    size: sizeOf(),
    input: queue as AsyncIterable<SessionInput>,
    [Symbol.dispose]: () => {
      stdin.off("data", onData).off("end", onEnd);
      stdout.off("resize", onResize);
      stdin.setRawMode(false);
      stdin.pause();
      queue.destroy();
    },
  };
}
