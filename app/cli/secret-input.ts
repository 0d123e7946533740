import { readFileSync, statSync } from "node:fs";
import { Fault, messageOf } from "@plinth/fault";
import type { Context } from "./command.ts";
import { readHiddenLine } from "./terminal/hidden-line.ts";

/**
 * A value that must not stand on the command line, where other users see it: of a file if one is named, else from
 * standard input, asked for with `prompt` in a terminal. Fault "too-large" beyond `bytesMax`.
 */
export async function readSecretInput(
  { output, signal }: Pick<Context, "output" | "signal">,
  file: string | undefined,
  prompt: string,
  bytesMax: number,
): Promise<Buffer> {
  const tooLarge = (): Fault => new Fault("too-large", `Cannot use more than ${bytesMax} bytes`);
  if (file !== undefined) {
    try {
      if (statSync(file).size > bytesMax) throw tooLarge();
      return readFileSync(file);
    } catch (error) {
      if (error instanceof Fault) throw error;
      throw new Fault("invalid", `Cannot read "${file}": ${messageOf(error)}`, { cause: error });
    }
  }
  if (process.stdin.isTTY) {
    output.stderr.write(`${prompt} (not shown): `);
    return Buffer.from(await readHiddenLine(process.stdin, signal));
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    signal.throwIfAborted();
    bytes += chunk.length;
    if (bytes > bytesMax) throw tooLarge();
    chunks.push(chunk);
  }
  const value = Buffer.concat(chunks);
  // `echo` and editors end a text with a newline that nobody means.
  const end = value.at(-1) === 10 ? (value.at(-2) === 13 ? -2 : -1) : value.length;
  return value.subarray(0, end);
}
