import { createReadStream } from "node:fs";

export interface ReadChunksOptions {
  readonly signal: AbortSignal;
  /** Told of the bytes so far, once what takes them asks for more. */
  readonly onProgress?: (bytes: number) => void;
}

/** A file's bytes, some to a chunk. A stream that is given the signal would reject with an error of its own. */
export async function* readChunks(
  file: string,
  { signal, onProgress }: ReadChunksOptions,
): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
    signal.throwIfAborted();
    yield chunk;
    bytes += chunk.length;
    onProgress?.(bytes);
  }
}
