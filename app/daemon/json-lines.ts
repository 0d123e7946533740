import { StringDecoder } from "node:string_decoder";

/** Values as lines of JSON, as hosts answer each other. */
export async function* encodeLines(
  values: AsyncIterable<unknown> | Iterable<unknown>,
): AsyncGenerator<Uint8Array> {
  for await (const value of values) yield Buffer.from(`${JSON.stringify(value)}\n`);
}

/** The values again; what does not end with a line's end is left out, as the answer broke off there. */
export async function* decodeLines<Value>(parts: AsyncIterable<Uint8Array>): AsyncGenerator<Value> {
  const decoder = new StringDecoder("utf8");
  let text = "";
  for await (const part of parts) {
    text += decoder.write(Buffer.from(part));
    const lines = text.split("\n");
    text = lines.pop() ?? "";
    for (const line of lines) yield JSON.parse(line) as Value;
  }
}
