import { constants, symlinkSync } from "node:fs";
import { chmod, type FileHandle, mkdir, open, rm } from "node:fs/promises";
import { Fault } from "@plinth/fault";
import type { TarEntry } from "../image/tar/entry.ts";
import { TarReader } from "../image/tar/reader.ts";
import { explained, HeldDirectory, placeInRoot } from "./held-directory.ts";

/** Permissions without the bits that lend rights. */
const MODE_MASK = 0o777;
const DEPTH_MAX = 200;

type Found =
  | { readonly kind: "entry"; readonly entry: TarEntry }
  | { readonly kind: "content"; readonly chunk: Buffer }
  | { readonly kind: "end" };

/**
 * Puts an archive of one file or folder below a root: into `path` where that is a folder or ends in "/", in its place
 * else. What it writes belongs to us. A name in the archive leads nowhere else, nor does a link that is there already.
 */
export async function writeTree(
  root: string,
  path: string,
  archive: AsyncIterable<Uint8Array>,
): Promise<{ readonly files: number; readonly bytes: number }> {
  await using writer = new Writer(root, path);
  const found: Found[] = [];
  const reader = new TarReader({
    entry: (entry) => void found.push({ kind: "entry", entry }),
    content: (chunk) => void found.push({ kind: "content", chunk }),
    endOfFile: () => void found.push({ kind: "end" }),
  });
  try {
    for await (const piece of archive) {
      reader.write(Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength));
      for (const each of found.splice(0)) await writer.take(each);
    }
    reader.end();
    if (!writer.hasBegun) throw new Fault("corrupt", "The archive ends too soon");
  } catch (error) {
    throw explained(error, path);
  }
  return writer.written;
}

class Writer implements AsyncDisposable {
  readonly #root: string;
  readonly #path: string;
  /** Where the archive's one entry goes, and its name there. */
  #base: HeldDirectory | undefined;
  #name = "";
  #topInArchive: string | undefined;
  #file: FileHandle | undefined;
  #files = 0;
  #bytes = 0;

  constructor(root: string, path: string) {
    this.#root = root;
    this.#path = path;
  }

  get hasBegun(): boolean {
    return this.#topInArchive !== undefined;
  }

  get written(): { files: number; bytes: number } {
    return { files: this.#files, bytes: this.#bytes };
  }

  async take(found: Found): Promise<void> {
    if (found.kind === "content") {
      await this.#file?.writeFile(found.chunk);
      this.#bytes += found.chunk.length;
    } else if (found.kind === "end") {
      await this.#file?.close();
      this.#file = undefined;
      this.#files++;
    } else await this.#entry(found.entry);
  }

  async #entry(entry: TarEntry): Promise<void> {
    const parts = Buffer.from(entry.name, "latin1")
      .toString("utf8")
      .split("/")
      .filter((part) => part !== "" && part !== ".");
    const [top, ...rest] = parts;
    if (top === undefined || parts.includes("..") || parts.length > DEPTH_MAX)
      throw new Fault(
        "corrupt",
        `The archive has an entry of the name ${JSON.stringify(entry.name.slice(0, 200))}`,
      );
    if (this.#topInArchive === undefined) this.#begin(top);
    else if (top !== this.#topInArchive) throw new Fault("corrupt", "The archive holds more than one thing");
    const inside = [this.#name, ...rest];
    const name = inside.pop()!;
    using parent = this.#enter(inside);
    await this.#make(parent, name, entry);
  }

  /** Into a folder that is there, or in the place of what is or is not there. */
  #begin(top: string): void {
    this.#topInArchive = top;
    const into = `${this.#path}/.`;
    try {
      this.#base = openDirectory(this.#root, into);
      this.#name = top;
    } catch (error) {
      if (this.#path.endsWith("/")) throw error;
      const place = placeInRoot(this.#root, this.#path);
      this.#base = place.directory;
      this.#name = place.name;
    }
  }

  #enter(parts: readonly string[]): HeldDirectory {
    let directory = this.#base!.enter(".");
    for (const part of parts) {
      const next = (): HeldDirectory => {
        using _left = directory;
        return directory.enter(part);
      };
      directory = next();
    }
    return directory;
  }

  async #make(parent: HeldDirectory, name: string, entry: TarEntry): Promise<void> {
    const path = parent.path(name);
    const mode = entry.mode & MODE_MASK;
    const there = parent.stat(name);
    if (entry.type === "directory") {
      if (there?.isDirectory() === true) return;
      if (there !== undefined) throw new Fault("conflict", `Cannot make the folder ${name}: a file is there`);
      await mkdir(path, { mode: mode | 0o700 });
      // The mask of whoever writes is not the archive's.
      await chmod(path, mode | 0o700);
      return;
    }
    if (there?.isDirectory() === true) throw new Fault("conflict", `Cannot write ${name}: a folder is there`);
    if (there !== undefined) await rm(path);
    if (entry.type === "symlink") {
      symlinkSync(Buffer.from(entry.target, "latin1"), path);
      return;
    }
    if (entry.type !== "file")
      throw new Fault(
        "unsupported",
        `Cannot write ${name}: an archive of plain files was expected, not a ${entry.type}`,
      );
    const flags = constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | constants.O_NOFOLLOW;
    this.#file = await open(path, flags, mode);
    await this.#file.chmod(mode);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file?.close();
    this.#base?.[Symbol.dispose]();
  }
}

/** Follows links within the root to a directory. */
function openDirectory(root: string, path: string): HeldDirectory {
  // With one component more, all of the path is on the way, and ways follow links.
  const plain = path.replace(/\/+\.?$/, "");
  using place = placeInRoot(root, `${plain}/any`, plain || "/");
  return place.directory.enter(".");
}
