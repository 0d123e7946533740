import { Fault } from "@plinth/fault";
import { EXTENDED_HEADER_BYTES_MAX } from "../limits.ts";
import { BLOCK_BYTES, corrupt, paddingOf, type TarEntry } from "./entry.ts";
import { decodeHeader, type Header, isZeroBlock, typeOf } from "./header.ts";
import { decodePax, type Extended, nothingExtended } from "./pax.ts";

/** Takes what a reader finds, in its order. Buffers are valid during the call only. */
export interface TarSink {
  entry(entry: TarEntry): void;
  /** A piece of the content of the file entry before. */
  content(chunk: Buffer): void;
  /** The file entry before is whole. */
  endOfFile(): void;
}

const EXTENDED = "x";
const GLOBAL = "g";
const GNU_LONG_NAME = "L";
const GNU_LONG_TARGET = "K";
const GNU_SPARSE = "S";

/**
 * Reads a tar file from pieces of any size, without waiting: per-byte code, all of a layer passes through it. What two
 * readers could take for two things is taken as Go's archive/tar does, on which Docker, containerd, podman and umoci
 * stand: sizes of entries without content do not count, GNU's long names win over pax's, global headers are left out.
 */
export class TarReader {
  readonly #sink: TarSink;
  readonly #block: Buffer = Buffer.allocUnsafe(BLOCK_BYTES);
  /** Bytes of a header that came so far. */
  #blockBytes = 0;
  /** Bytes of the content under way, and of the zeros behind it, that are still to come. */
  #contentLeft = 0;
  #paddingLeft = 0;
  /** What the content under way belongs to: a file, or a header about the next entry. */
  #meta: string = "";
  #metaParts: Buffer[] = [];
  #extended: Extended = nothingExtended();
  #longName: string | undefined = undefined;
  #longTarget: string | undefined = undefined;
  /** An entry must follow what says something of it. */
  #isAwaited = false;
  #isEnded = false;

  constructor(sink: TarSink) {
    this.#sink = sink;
  }

  write(chunk: Buffer): void {
    for (let at = 0; at < chunk.length && !this.#isEnded;) {
      if (this.#contentLeft > 0) {
        const end = Math.min(chunk.length, at + this.#contentLeft);
        const piece = chunk.subarray(at, end);
        this.#contentLeft -= piece.length;
        at = end;
        this.#content(piece);
      } else if (this.#paddingLeft > 0) {
        const skipped = Math.min(chunk.length - at, this.#paddingLeft);
        this.#paddingLeft -= skipped;
        at += skipped;
      } else if (this.#blockBytes === 0 && chunk.length - at >= BLOCK_BYTES) {
        this.#header(chunk.subarray(at, at + BLOCK_BYTES));
        at += BLOCK_BYTES;
      } else {
        const copied = chunk.copy(this.#block, this.#blockBytes, at);
        this.#blockBytes += copied;
        at += copied;
        if (this.#blockBytes === BLOCK_BYTES) {
          this.#blockBytes = 0;
          this.#header(this.#block);
        }
      }
    }
  }

  /** Passes over the content of the file entry before, for a reader that can seek: gives the bytes to leave out. */
  skipContent(): number {
    if (this.#meta !== "" || this.#contentLeft === 0) return 0;
    const skipped = this.#contentLeft + this.#paddingLeft;
    this.#contentLeft = 0;
    this.#paddingLeft = 0;
    this.#sink.endOfFile();
    return skipped;
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** Fault `corrupt` where the file ends within something. The two blocks of zeros at the end may be missing. */
  end(): void {
    if (this.#isEnded) return;
    if (this.#contentLeft > 0 || this.#blockBytes > 0 || this.#isAwaited)
      throw corrupt("the tar file ends too soon");
  }

  #header(block: Buffer): void {
    if (isZeroBlock(block)) {
      if (this.#isAwaited) throw corrupt("nothing follows an extended header");
      this.#isEnded = true; // what is behind the end is read for the digest's sake only
      return;
    }
    const header = decodeHeader(block);
    switch (header.flag) {
      case EXTENDED:
      case GLOBAL:
      case GNU_LONG_NAME:
      case GNU_LONG_TARGET:
        this.#beginMeta(header);
        return;
      case GNU_SPARSE:
        throw new Fault("unsupported", "a file is kept sparse in GNU's way, which image layers do not allow");
      default:
        this.#beginEntry(header);
    }
  }

  #beginMeta(header: Header): void {
    if (header.bytes > EXTENDED_HEADER_BYTES_MAX) {
      throw corrupt(`an extended header has ${header.bytes} bytes, more than ${EXTENDED_HEADER_BYTES_MAX}`);
    }
    this.#meta = header.flag;
    if (header.flag !== GLOBAL) this.#isAwaited = true;
    this.#contentLeft = header.bytes;
    this.#paddingLeft = paddingOf(header.bytes);
    if (header.bytes === 0) this.#endMeta();
  }

  #content(piece: Buffer): void {
    if (this.#meta === "") {
      this.#sink.content(piece);
      if (this.#contentLeft === 0) this.#sink.endOfFile();
      return;
    }
    this.#metaParts.push(Buffer.from(piece));
    if (this.#contentLeft === 0) this.#endMeta();
  }

  #endMeta(): void {
    const body = Buffer.concat(this.#metaParts);
    const flag = this.#meta;
    this.#metaParts = [];
    this.#meta = "";
    if (flag === EXTENDED) this.#extended = decodePax(body);
    else if (flag === GNU_LONG_NAME) this.#longName = untilZero(body);
    else if (flag === GNU_LONG_TARGET) this.#longTarget = untilZero(body);
  }

  #beginEntry(header: Header): void {
    const extended = this.#extended;
    const name = this.#longName ?? extended.path ?? header.name;
    const type = typeOf({ flag: header.flag, name });
    if (type === undefined) {
      throw new Fault(
        "unsupported",
        `an entry has the type ${JSON.stringify(header.flag)}, which image layers do not allow`,
      );
    }
    const bytes = type === "file" ? (extended.bytes ?? header.bytes) : 0;
    const entry: TarEntry = {
      type,
      name,
      target: this.#longTarget ?? extended.linkpath ?? header.target,
      mode: header.mode,
      uid: extended.uid ?? header.uid,
      gid: extended.gid ?? header.gid,
      bytes,
      mtimeSeconds: extended.mtime?.seconds ?? header.mtimeSeconds,
      mtimeNanoseconds: extended.mtime?.nanoseconds ?? 0,
      deviceMajor: header.deviceMajor,
      deviceMinor: header.deviceMinor,
      xattrs: extended.xattrs,
    };
    this.#extended = nothingExtended();
    this.#longName = undefined;
    this.#longTarget = undefined;
    this.#isAwaited = false;
    this.#contentLeft = bytes;
    this.#paddingLeft = paddingOf(bytes);
    this.#sink.entry(entry);
    if (type === "file" && bytes === 0) this.#sink.endOfFile();
  }
}

function untilZero(body: Buffer): string {
  const zero = body.indexOf(0);
  return body.toString("latin1", 0, zero === -1 ? body.length : zero);
}
