import { linesOf } from "@plinth/lines";

/** The longest lines hold a piece of a command's output, some 64 KiB in base64. */
const LINE_BYTES_MAX: number = 2 ** 20;

/** Values as lines of JSON, as hosts answer each other. */
export async function* encodeLines(
  values: AsyncIterable<unknown> | Iterable<unknown>,
): AsyncGenerator<Uint8Array> {
  for await (const value of values) yield Buffer.from(`${JSON.stringify(value)}\n`);
}

/** The values again; what does not end with a line's end is left out, as the answer broke off there. */
export async function* decodeLines<Value>(parts: AsyncIterable<Uint8Array>): AsyncGenerator<Value> {
  const refusal = `A host answers with a line of more than ${LINE_BYTES_MAX} bytes`;
  for await (const line of linesOf(parts, LINE_BYTES_MAX, refusal)) yield JSON.parse(line) as Value;
}
