import { PassThrough, type Readable } from "node:stream";
import type { SessionInput } from "@plinth/api";
import type { TerminalSize } from "@plinth/run";

/** What a client sends, parted: what a command reads, and how big its terminal is. */
export interface FedInput {
  readonly stdin: Readable;
  readonly onSize: (listener: (size: TerminalSize) => void) => void;
  /** Nobody reads any more. */
  readonly stop: () => void;
}

/** Typed ahead of a command that does not read; beyond it the client waits. */
const BUFFERED_BYTES = 64 * 1024;

export function feed(input: AsyncIterable<SessionInput>): FedInput {
  const stdin = new PassThrough({ highWaterMark: BUFFERED_BYTES });
  // oxlint-disable-next-line eslint/no-empty-function -- what nobody reads is lost, which is its end
  stdin.on("error", () => {});
  let listener: ((size: TerminalSize) => void) | undefined;
  const pump = async (): Promise<void> => {
    for await (const each of input) {
      if ("size" in each) listener?.(each.size);
      else if (!stdin.destroyed && !stdin.write(each.data)) await drained(stdin);
    }
    stdin.end();
  };
  // A connection that breaks off ends the command by its signal; until then there is just no more to read.
  pump().catch(() => stdin.end());
  return {
    stdin,
    onSize: (called) => {
      listener = called;
    },
    stop: () => void stdin.destroy(),
  };
}

function drained(stream: PassThrough): Promise<void> {
  return new Promise((resolve) => {
    const settle = (): void => {
      stream.off("drain", settle).off("close", settle);
      resolve();
    };
    stream.once("drain", settle).once("close", settle);
  });
}
