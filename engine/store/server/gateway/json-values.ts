import { GrpcError, Status } from "@plinth/grpc";

const [QUOTE, BACKSLASH] = [0x22, 0x5c];
const OPENING = new Set([0x7b, 0x5b]);
const CLOSING = new Set([0x7d, 0x5d]);
const BLANK = new Set([0x20, 0x09, 0x0a, 0x0d]);

/**
 * Cuts a stream of bytes into the JSON objects that stand in it one after the other, whatever blanks are between them.
 * GrpcError where one is larger than `bytesMax`, is no JSON, or does not end.
 */
export async function* jsonValues(chunks: AsyncIterable<Buffer>, bytesMax: number): AsyncGenerator {
  let held: Buffer[] = [];
  let heldBytes = 0;
  let depth = 0;
  let inText = false;
  let escaped = false;
  for await (const chunk of chunks) {
    let start = 0;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at]!;
      if (inText) {
        if (escaped) escaped = false;
        else if (byte === BACKSLASH) escaped = true;
        else if (byte === QUOTE) inText = false;
        continue;
      }
      if (depth === 0 && BLANK.has(byte)) {
        start = at + 1;
        continue;
      }
      if (byte === QUOTE) inText = true;
      else if (OPENING.has(byte)) depth += 1;
      else if (CLOSING.has(byte)) depth -= 1;
      // What is neither begun nor ended by brackets is no message, and would never end.
      if (depth < 0 || (depth === 0 && !CLOSING.has(byte))) throw malformed("an object is expected");
      if (depth > 0) continue;
      const value = Buffer.concat([...held, chunk.subarray(start, at + 1)]);
      if (value.length > bytesMax) throw tooLarge(bytesMax);
      held = [];
      heldBytes = 0;
      start = at + 1;
      yield parseJson(value);
    }
    if (start < chunk.length) {
      held.push(chunk.subarray(start));
      heldBytes += chunk.length - start;
    }
    if (heldBytes > bytesMax) throw tooLarge(bytesMax);
  }
  if (heldBytes > 0) throw malformed("it ends within an object");
}

/** GrpcError for what is no JSON; its words tell nothing of what is. */
export function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString()) as unknown;
  } catch {
    throw malformed("it cannot be read");
  }
}

export function tooLarge(bytesMax: number): GrpcError {
  return new GrpcError(Status.resourceExhausted, `json: a request may have at most ${bytesMax} bytes`);
}

function malformed(what: string): GrpcError {
  return new GrpcError(Status.invalidArgument, `json: ${what}`);
}
