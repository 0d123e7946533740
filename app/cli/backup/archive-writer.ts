import { createHash } from "node:crypto";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { syncDirectory } from "@plinth/file";
import type { Part } from "./manifest.ts";
import { encodeHeader, END, paddingOf, type TarEntry } from "./tar.ts";

/**
 * A tar file that grows at `PATH.part` and gets its name once it is whole. A part's size is not known before it has come:
 * its header is written behind it, into the room left for it.
 */
export class ArchiveWriter implements AsyncDisposable {
  readonly parts: Part[] = [];
  readonly #path: string;
  readonly #file: FileHandle;
  #at = 0;
  #finished = false;

  private constructor(path: string, file: FileHandle) {
    this.#path = path;
    this.#file = file;
  }

  static async create(path: string): Promise<ArchiveWriter> {
    // One that a crash left is in nobody's way, and its mode is not trusted.
    await rm(`${path}.part`, { force: true });
    return new ArchiveWriter(path, await open(`${path}.part`, "wx", 0o600));
  }

  get bytes(): number {
    return this.#at;
  }

  async add(entry: Omit<TarEntry, "bytes">, content: AsyncIterable<Uint8Array> | Uint8Array): Promise<Part> {
    const start = this.#at;
    const room = encodeHeader({ ...entry, bytes: 0 }).length;
    this.#at += room;
    const hash = createHash("sha256");
    let bytes = 0;
    for await (const chunk of content instanceof Uint8Array ? [content] : content) {
      await this.#write(chunk);
      hash.update(chunk);
      bytes += chunk.length;
    }
    await this.#write(Buffer.alloc(paddingOf(bytes)));
    const end = this.#at;
    this.#at = start;
    await this.#write(encodeHeader({ ...entry, bytes }));
    this.#at = end;
    const part = { ...entry, bytes, sha256: entry.type === "file" ? hash.digest("hex") : "" };
    this.parts.push(part);
    return part;
  }

  /** Ends the archive; it is there by its name, and on disk, once this resolves. Gives its bytes. */
  async finish(): Promise<number> {
    await this.#write(END);
    await this.#file.sync();
    await this.#file.close();
    await rename(`${this.#path}.part`, this.#path);
    this.#finished = true;
    await syncDirectory(dirname(this.#path));
    return this.#at;
  }

  /** Takes away what was not finished. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#finished) return;
    await this.#file.close().catch(() => {});
    await rm(`${this.#path}.part`, { force: true });
  }

  async #write(chunk: Uint8Array): Promise<void> {
    for (let done = 0; done < chunk.length;) {
      const { bytesWritten } = await this.#file.write(chunk, done, chunk.length - done, this.#at);
      done += bytesWritten;
      this.#at += bytesWritten;
    }
  }
}
