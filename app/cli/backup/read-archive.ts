import { createHash } from "node:crypto";
import { Fault } from "@plinth/fault";
import {
  checkEntry,
  EXTENDED_BYTES_MAX,
  FORMAT,
  FORMAT_BYTES_MAX,
  type Manifest,
  MANIFEST_BYTES_MAX,
  names,
  type Part,
  parseManifest,
} from "./manifest.ts";
import {
  BLOCK_BYTES,
  decodeExtended,
  decodeHeader,
  encodeHeader,
  EXTENDED_FLAG,
  paddingOf,
  type TarEntry,
} from "./tar.ts";

/** Takes a part's content, which it must read to its end. Nothing is certain of it before the whole file is read. */
export type Visit = (entry: TarEntry, content: AsyncIterable<Uint8Array>) => Promise<void>;

/**
 * Reads a whole backup and checks every byte of it: headers as they are written, contents by the manifest, the manifest
 * by its digest, zeros and the end. Fault `corrupt` that says what is wrong.
 */
export async function readArchive(stream: AsyncIterable<Uint8Array>, visit: Visit): Promise<Manifest> {
  const reader = new BlockReader(stream);
  const parts: Part[] = [];
  const seen = new Set<string>();
  let manifestBytes: Buffer | undefined;
  let digest: string | undefined;
  for (;;) {
    const entry = await nextEntry(reader).catch((error: unknown) => {
      // What does not even begin like one is no broken one.
      throw seen.size === 0 && error instanceof Fault ? notOurs(error) : error;
    });
    if (entry === undefined) break;
    checkEntry(entry);
    if (seen.has(entry.name)) throw new Fault("corrupt", `"${entry.name}" is in it twice`);
    seen.add(entry.name);
    if (parts.length === 0 && seen.size === 1 && entry.name !== names.format) {
      throw notOurs();
    }
    if (digest !== undefined) throw new Fault("corrupt", "something follows its manifest");
    if (entry.name === names.format) {
      const format = (await reader.whole(entry, FORMAT_BYTES_MAX)).toString().trimEnd();
      if (format !== FORMAT) throw new Fault("unsupported", `its format is "${format}", not "${FORMAT}"`);
    } else if (entry.name === names.manifest) {
      manifestBytes = await reader.whole(entry, MANIFEST_BYTES_MAX);
    } else if (entry.name === names.manifestDigest) {
      digest = (await reader.whole(entry, 65)).toString().trimEnd();
    } else {
      if (entry.type !== "file" && entry.bytes > 0) throw new Fault("corrupt", `"${entry.name}" has content`);
      const hash = createHash("sha256");
      await visit(
        entry,
        reader.content(entry.bytes, (chunk) => hash.update(chunk)),
      );
      await reader.drained();
      parts.push({ ...entry, sha256: entry.type === "file" ? hash.digest("hex") : "" });
    }
    await reader.zeros(paddingOf(entry.bytes));
  }
  await reader.zeros(BLOCK_BYTES);
  await reader.end();
  if (manifestBytes === undefined || digest === undefined) throw new Fault("corrupt", "it has no manifest");
  if (createHash("sha256").update(manifestBytes).digest("hex") !== digest) {
    throw new Fault("corrupt", "its manifest's SHA-256 does not match");
  }
  const manifest = parseManifest(manifestBytes);
  compare(manifest.parts, parts);
  return manifest;
}

function notOurs(cause?: unknown): Fault {
  return new Fault("corrupt", "it is not a backup of Plinth's", { cause });
}

async function nextEntry(reader: BlockReader): Promise<TarEntry | undefined> {
  const first = await reader.take(BLOCK_BYTES);
  const header = decodeHeader(first);
  if (header?.flag !== EXTENDED_FLAG) return header?.entry;
  const body = await reader.whole(header.entry, EXTENDED_BYTES_MAX);
  const padding = await reader.take(paddingOf(body.length));
  const second = await reader.take(BLOCK_BYTES);
  const next = decodeHeader(second);
  if (next === undefined || next.flag === EXTENDED_FLAG) {
    throw new Fault("corrupt", "nothing follows an extended header");
  }
  const { path, linkpath } = decodeExtended(body);
  const entry = {
    ...next.entry,
    ...(path !== undefined && { name: path }),
    ...(linkpath !== undefined && { target: linkpath }),
  };
  if (!encodeHeader(entry).equals(Buffer.concat([first, body, padding, second]))) {
    throw new Fault("corrupt", "an extended header is not as Plinth writes it");
  }
  return entry;
}

function compare(told: readonly Part[], found: readonly Part[]): void {
  for (const [index, part] of found.entries()) {
    const expected = told[index];
    const same =
      expected !== undefined &&
      (["name", "type", "mode", "bytes", "target", "sha256"] as const).every(
        (key) => expected[key] === part[key],
      );
    if (!same) throw new Fault("corrupt", `"${part.name}" is not what its manifest says`);
  }
  if (told.length !== found.length) {
    throw new Fault("corrupt", `it has ${found.length} parts, and its manifest tells of ${told.length}`);
  }
}

/** Takes a stream apart; Fault `corrupt` where it ends too soon. */
class BlockReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #buffered: Buffer = Buffer.alloc(0);
  /** Of the content that is being read. */
  #left = 0;

  constructor(stream: AsyncIterable<Uint8Array>) {
    this.#chunks = stream[Symbol.asyncIterator]();
  }

  async take(bytes: number): Promise<Buffer> {
    const parts = [this.#buffered];
    for (let have = this.#buffered.length; have < bytes;) {
      const chunk = await this.#next();
      parts.push(chunk);
      have += chunk.length;
    }
    const all = parts.length === 1 ? this.#buffered : Buffer.concat(parts);
    this.#buffered = all.subarray(bytes);
    return all.subarray(0, bytes);
  }

  async whole({ name, type, bytes }: TarEntry, bytesMax: number): Promise<Buffer> {
    if (type !== "file" || bytes > bytesMax) {
      throw new Fault("corrupt", `"${name}" has ${bytes} bytes, more than ${bytesMax}`);
    }
    return this.take(bytes);
  }

  async *content(bytes: number, onChunk: (chunk: Uint8Array) => void): AsyncGenerator<Uint8Array> {
    this.#left = bytes;
    while (this.#left > 0) {
      if (this.#buffered.length === 0) this.#buffered = await this.#next();
      const chunk = this.#buffered.subarray(0, this.#left);
      this.#buffered = this.#buffered.subarray(chunk.length);
      this.#left -= chunk.length;
      onChunk(chunk);
      yield chunk;
    }
  }

  /** Asserts that the last content was read to its end. */
  async drained(): Promise<void> {
    if (this.#left > 0) throw new Fault("corrupt", `a part has ${this.#left} bytes too many`);
  }

  async zeros(bytes: number): Promise<void> {
    if ((await this.take(bytes)).some((byte) => byte !== 0)) {
      throw new Fault("corrupt", "there is something where zeros should be");
    }
  }

  async end(): Promise<void> {
    const { done } = this.#buffered.length > 0 ? { done: false } : await this.#chunks.next();
    if (done !== true) throw new Fault("corrupt", "something follows its end");
  }

  async #next(): Promise<Buffer> {
    const { done, value } = await this.#chunks.next();
    if (done === true) throw new Fault("corrupt", "it is cut off");
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  }
}
