import { type FileHandle, mkdir, open, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Hash } from "node:crypto";
import type { Clock } from "@plinth/clock";
import { Fault } from "@plinth/fault";
import { syncDirectory, writeFileDurably } from "@plinth/file";
import { algorithmOf, type Digest, digestOf, hashFor, hexOf } from "../digest.ts";
import type { Descriptor } from "../manifest.ts";
import type { ImageSource } from "../source/source.ts";
import type { StoreDirectories } from "./directories.ts";
import { lockFile } from "./lock.ts";

export interface FetchOptions {
  readonly signal: AbortSignal | undefined;
  readonly onBytes?: (bytes: number) => void;
}

/** A source that breaks off this often without a byte in between is given up. */
const FRUITLESS_ATTEMPTS_MAX = 4;
const RESUME_DELAY_MS = 250;
/** Pieces come small from the network; each write is a trip to another thread. */
const WRITE_BYTES: number = 1 << 20;

/** Blobs by digest. One is in its place whole, checked and synced, or not at all. */
export class Blobs {
  readonly #directories: StoreDirectories;
  readonly #clock: Clock;

  constructor(directories: StoreDirectories, clock: Clock) {
    this.#directories = directories;
    this.#clock = clock;
  }

  path(digest: Digest): string {
    return this.#directories.blob(digest);
  }

  async has({ digest, bytes }: Pick<Descriptor, "digest" | "bytes">): Promise<boolean> {
    const found = await this.bytesOf(digest);
    return found === bytes;
  }

  async bytesOf(digest: Digest): Promise<number | undefined> {
    const found = await stat(this.path(digest)).catch(notThere);
    return found?.size;
  }

  /** A small blob, such as a manifest; undefined where it is not here. Fault `corrupt` where the disk has changed it. */
  async read(digest: Digest, bytesMax: number): Promise<Buffer | undefined> {
    const bytes = await this.bytesOf(digest);
    if (bytes === undefined) return undefined;
    if (bytes > bytesMax)
      throw new Fault("too-large", `Cannot read blob ${digest}: more than ${bytesMax} bytes`);
    const content = await readFile(this.path(digest)).catch(notThere);
    if (content !== undefined && digestOf(content, algorithmOf(digest)) !== digest) {
      throw new Fault("corrupt", `Cannot use blob ${digest} of the store: its content does not match`, {
        hint: `Remove ${this.path(digest)} and pull the image again.`,
      });
    }
    return content;
  }

  /** Takes content whose digest its caller has checked. */
  async write(digest: Digest, content: Uint8Array): Promise<void> {
    if (await this.has({ digest, bytes: content.length })) return;
    await writeFileDurably(this.path(digest), content);
  }

  /** Takes a file of ours, on the same file system, as the blob whose digest it has. */
  async adopt(digest: Digest, path: string): Promise<void> {
    await using file = await open(path, "r");
    await file.datasync();
    await rename(path, this.path(digest));
    await syncDirectory(dirname(this.path(digest)));
  }

  /** Brings a blob here, going on where an earlier attempt ended. True where it was here. */
  async fetch(descriptor: Descriptor, source: ImageSource, options: FetchOptions): Promise<boolean> {
    if (await this.has(descriptor)) return true;
    const partial = this.#partial(descriptor.digest);
    using _lock = await lockFile(`${partial}.lock`, { clock: this.#clock, signal: options.signal });
    if (await this.has(descriptor)) return true; // whoever had the lock brought it
    await using file = await open(partial, "a+", 0o600);
    for (;;) {
      const { isRight, hadPart } = await this.#receive(descriptor, source, file, options);
      if (isRight) break;
      await file.truncate(0);
      // The part from before may be at fault, or one of several that give it: once more from the beginning.
      if (hadPart || source.blame?.(descriptor.digest) === true) continue;
      throw new Fault(
        "corrupt",
        `Cannot use ${descriptor.digest} of ${source.name}: what it sends has another digest`,
        { hint: "Somebody on the way changes it, or the source is broken. Nothing of it was kept." },
      );
    }
    await file.datasync();
    await mkdir(dirname(this.path(descriptor.digest)), { recursive: true, mode: 0o700 });
    await rename(partial, this.path(descriptor.digest));
    await syncDirectory(dirname(this.path(descriptor.digest)));
    // Whoever waits for the lock finds the blob first: nothing depends on the name any more.
    await rm(`${partial}.lock`, { force: true });
    return false;
  }

  #partial(digest: Digest): string {
    return join(this.#directories.partial, `${algorithmOf(digest)}-${hexOf(digest)}`);
  }

  async #receive(
    descriptor: Descriptor,
    source: ImageSource,
    file: FileHandle,
    { signal, onBytes }: FetchOptions,
  ): Promise<{ readonly isRight: boolean; readonly hadPart: boolean }> {
    const sink = new BlobSink(file, descriptor);
    const hadPart = await sink.begin();
    for (let fruitless = 0; sink.bytes < descriptor.bytes || descriptor.bytes === 0;) {
      const before = sink.bytes;
      try {
        const { from, stream } = await source.blob(descriptor, sink.bytes, signal);
        if (from !== sink.bytes) await sink.restart();
        for await (const chunk of stream) {
          signal?.throwIfAborted();
          await sink.write(chunk, source.name);
          onBytes?.(sink.bytes);
        }
        await sink.flush();
        if (sink.bytes === descriptor.bytes) break;
        throw new Fault(
          source.isRemote ? "unavailable" : "corrupt",
          `Cannot read ${descriptor.digest} of ${source.name}: it ended after ${sink.bytes} of ${descriptor.bytes} bytes`,
        );
      } catch (error) {
        signal?.throwIfAborted();
        await sink.flush();
        if (!(error instanceof Fault) || !error.retryable) throw error;
        fruitless = sink.bytes > before ? 0 : fruitless + 1;
        if (fruitless >= FRUITLESS_ATTEMPTS_MAX) throw error;
        await this.#clock.sleep(RESUME_DELAY_MS * 2 ** fruitless, signal);
      }
    }
    return { isRight: sink.isRight(), hadPart };
  }
}

/** Takes a blob's bytes, counts and hashes them, and writes them in large pieces. */
class BlobSink {
  bytes = 0;
  readonly #file: FileHandle;
  readonly #descriptor: Descriptor;
  #hash: Hash;
  #pieces: Uint8Array[] = [];
  #pieceBytes = 0;

  constructor(file: FileHandle, descriptor: Descriptor) {
    this.#file = file;
    this.#descriptor = descriptor;
    this.#hash = hashFor(descriptor.digest);
  }

  /** Reads what an earlier attempt left. True where that was something. */
  async begin(): Promise<boolean> {
    const { size } = await this.#file.stat();
    if (size === 0) return false;
    if (size > this.#descriptor.bytes) {
      await this.restart();
      return false;
    }
    const buffer = Buffer.allocUnsafe(WRITE_BYTES);
    while (this.bytes < size) {
      const { bytesRead } = await this.#file.read(buffer, 0, buffer.length, this.bytes);
      if (bytesRead === 0) break;
      this.#hash.update(buffer.subarray(0, bytesRead));
      this.bytes += bytesRead;
    }
    return true;
  }

  async restart(): Promise<void> {
    await this.#file.truncate(0);
    this.#pieces = [];
    this.#pieceBytes = 0;
    this.bytes = 0;
    this.#hash = hashFor(this.#descriptor.digest);
  }

  async write(chunk: Uint8Array, from: string): Promise<void> {
    const { digest, bytes } = this.#descriptor;
    if (this.bytes + chunk.length > bytes) {
      throw new Fault(
        "corrupt",
        `Cannot use ${digest} of ${from}: it sends more than the ${bytes} bytes it promised`,
      );
    }
    this.#hash.update(chunk);
    this.bytes += chunk.length;
    this.#pieces.push(chunk);
    this.#pieceBytes += chunk.length;
    if (this.#pieceBytes >= WRITE_BYTES) await this.flush();
  }

  async flush(): Promise<void> {
    if (this.#pieceBytes === 0) return;
    const pieces = this.#pieces;
    this.#pieces = [];
    this.#pieceBytes = 0;
    await this.#file.appendFile(Buffer.concat(pieces));
  }

  isRight(): boolean {
    return this.#hash.copy().digest("hex") === hexOf(this.#descriptor.digest);
  }
}

function notThere(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw error;
}
