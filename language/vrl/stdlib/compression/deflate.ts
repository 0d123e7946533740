/** Gzip (RFC 1952) and zlib (RFC 1950). */
import { Deflate, GZheader, Inflate, zlibDeflateSetHeader, type ZStream } from "pako";
import { Failure } from "../../runtime/failure.ts";
import type { Integer } from "../../runtime/integer.ts";
import { bytesOf, textOf, type Text } from "../../runtime/text.ts";
import { DECOMPRESSED_BYTES_MAX, joined } from "./limit.ts";

export type DeflateFormat = "gzip" | "zlib";

/** Input is fed in pieces, so that what swells is noticed soon. */
const PIECE_BYTES = 16 * 1024;

export const LEVEL_MAX = 10;
/** zlib knows levels up to 9; VRL lets 10 pass as the best there is. */
const ZLIB_LEVEL_MAX = 9;

/** The whole of it, all members of a gzip file; undefined: it is none, or too large. */
export function inflate(bytes: Uint8Array, format: DeflateFormat): Uint8Array | undefined {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const keep = (chunk: Uint8Array) => {
    chunks.push(chunk);
    length += chunk.length;
    return length <= DECOMPRESSED_BYTES_MAX;
  };
  const membersEnd = format === "gzip" ? bytes.length : 0;
  let at = inflateMember(bytes, 0, format, keep);
  while (at !== undefined && at < membersEnd) at = inflateMember(bytes, at, format, keep);
  return at === undefined ? undefined : joined(chunks, length);
}

/** Where it ends; undefined: it is none, or `keep` does not want more. */
function inflateMember(
  bytes: Uint8Array,
  start: number,
  format: DeflateFormat,
  keep: (chunk: Uint8Array) => boolean,
): number | undefined {
  const member = new Inflate({ windowBits: format === "gzip" ? 31 : 15 });
  let stream: ZStream | undefined;
  let isKept = true;
  member.onStart = (started) => {
    stream = started;
  };
  member.onData = (chunk) => {
    isKept = keep(chunk);
  };
  let at = start;
  while (!member.ended) {
    const piece = bytes.subarray(at, at + PIECE_BYTES);
    at += piece.length;
    const isLast = at >= bytes.length;
    member.push(piece, isLast);
    // VRL takes a zlib stream that is cut off for what there is of it.
    const isCutOff = format === "zlib" && isLast && member.err === CUT_OFF;
    if (!isKept || (member.err !== 0 && !isCutOff)) return undefined;
  }
  return at - (stream?.avail_in ?? 0);
}

/** Input has ended before the stream has. */
const CUT_OFF = -5;

/** A level VRL refuses fails. */
export function deflate(value: Text, level: Integer, format: DeflateFormat): Text | Failure {
  // VRL takes the level's lowest 32 bits as unsigned.
  const unsigned = BigInt.asUintN(32, BigInt(level));
  if (unsigned > LEVEL_MAX) return new Failure(`compression level must be <= ${LEVEL_MAX}`);
  const deflated = new Deflate({
    level: Math.min(Number(unsigned), ZLIB_LEVEL_MAX),
    gzip: format === "gzip",
  });
  if (format === "gzip") {
    deflated.onStart = (stream) => {
      const header = new GZheader();
      header.os = OS_UNKNOWN;
      zlibDeflateSetHeader(stream, header);
    };
  }
  deflated.push(bytesOf(value), true);
  return textOf(deflated.result);
}

const OS_UNKNOWN = 255;
