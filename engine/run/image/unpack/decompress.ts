import { createReadStream } from "node:fs";
import { Transform } from "node:stream";
import { createGunzip, createZstdDecompress } from "node:zlib";
import { Fault } from "@plinth/fault";
import type { Compression } from "../manifest.ts";
import { corrupt } from "../tar/entry.ts";

/** Fewer, larger pieces: inflating runs in another thread while the piece before is hashed and written. */
const CHUNK_BYTES: number = 512 * 1024;

export interface DecompressOptions {
  readonly path: string;
  readonly compression: Compression;
  /** Fault `too-large` beyond it, whatever the file says of its size. */
  readonly bytesMax: number;
  /** Bytes of the file read so far. */
  readonly onRead: (bytes: number) => void;
}

/** A blob's content, decompressed; files of several gzip members or zstd frames are read to their end. */
export async function* decompress(options: DecompressOptions): AsyncGenerator<Buffer> {
  const { path, compression, bytesMax, onRead } = options;
  const file = createReadStream(path, { highWaterMark: CHUNK_BYTES });
  let read = 0;
  file.on("data", (chunk) => onRead((read += chunk.length)));
  const stream = compression === "none" ? file : file.pipe(decompressor(compression));
  // A pipe passes errors on to nobody.
  file.on("error", (error) => void stream.destroy(error));
  let bytes = 0;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > bytesMax) {
        throw new Fault(
          "too-large",
          `it unpacks to more than ${bytesMax} bytes: a decompression bomb, or no image`,
        );
      }
      yield chunk;
    }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "";
    if (/^Z_|^ZSTD_|^ERR_ZLIB|^ERR__?ZSTD/i.test(code)) throw corrupt(`its ${compression} data is broken`);
    throw error;
  } finally {
    stream.destroy();
    file.destroy();
    // A thread that ended before then would leave it open.
    if (!file.closed) await new Promise((resolve) => void file.once("close", resolve));
  }
}

function decompressor(compression: "gzip" | "zstd"): Transform {
  return compression === "gzip"
    ? createGunzip({ chunkSize: CHUNK_BYTES })
    : createZstdDecompress({ chunkSize: CHUNK_BYTES });
}
