import { Fault } from "@plinth/fault";

const NEWLINE = 10;

/**
 * The lines of UTF-8 that arrives in any pieces, without their ends; what comes behind the last end is left out. Fault
 * "too-large" with `refusal` as its text once more than `bytesMax` bytes have come without a line's end.
 */
export async function* linesOf(
  pieces: AsyncIterable<Uint8Array>,
  bytesMax: number,
  refusal: string,
): AsyncGenerator<string> {
  let parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of pieces) {
    let start = 0;
    for (let end = piece.indexOf(NEWLINE); end !== -1; end = piece.indexOf(NEWLINE, start)) {
      parts.push(piece.subarray(start, end));
      const line = Buffer.concat(parts).toString("utf8");
      parts = [];
      bytes = 0;
      start = end + 1;
      yield line;
    }
    parts.push(piece.subarray(start));
    bytes += piece.length - start;
    if (bytes > bytesMax) throw new Fault("too-large", refusal);
  }
}
