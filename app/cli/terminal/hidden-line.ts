import { on } from "node:events";
import type { ReadStream } from "node:tty";
import { Interruption } from "../exit-code.ts";

const ENTER = new Set([10, 13]);
const CTRL_C = 3;
const CTRL_D = 4;
const BACKSPACE = new Set([8, 127]);

/** Reads one line from a terminal without showing it. */
export async function readHiddenLine(terminal: ReadStream, signal: AbortSignal): Promise<string> {
  const typed: number[] = [];
  terminal.ref();
  terminal.setRawMode(true);
  try {
    for await (const [chunk] of on(terminal, "data", { signal, close: ["end"] }) as AsyncIterable<[Buffer]>) {
      for (const byte of chunk) {
        if (byte === CTRL_C) throw new Interruption("SIGINT"); // raw mode hands it over as a byte
        if (ENTER.has(byte) || byte === CTRL_D) return Buffer.from(typed).toString("utf8");
        if (BACKSPACE.has(byte)) dropCharacter(typed);
        else typed.push(byte);
      }
    }
    return Buffer.from(typed).toString("utf8");
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    terminal.setRawMode(false);
    terminal.pause();
    terminal.unref(); // an open terminal would keep this process alive
    process.stderr.write("\n");
  }
}

/** A character is its last byte and the UTF-8 continuation bytes that lead up to it. */
function dropCharacter(typed: number[]): void {
  let last = typed.pop();
  while (last !== undefined && (last & 0xc0) === 0x80) last = typed.pop();
}
