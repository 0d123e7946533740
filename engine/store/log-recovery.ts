import { endOfFrame, findFrameBehind } from "./log-frame.ts";
import { decodeHeader, SEGMENT_HEADER_BYTES, type SegmentHeader } from "./log-segment.ts";
import { SEGMENT_SPARES, SEGMENTS_MAX } from "./limits.ts";
import type { LogDisk, LogDiskFile } from "./log-disk.ts";
import { StoreError } from "./mvcc.ts";

/** Frames that lie one behind the other in one file. */
export interface Extent {
  readonly name: string;
  readonly salt: number;
  readonly from: number;
  readonly to: number;
  /** Sequence number of the first. */
  readonly first: number;
  readonly last: number;
}

export interface RecoveredLog {
  /** Frames behind the checkpoint, in order, a commit each. */
  readonly extents: readonly Extent[];
  /** Of the last commit there is. */
  readonly sequence: number;
  /** Free for the next segment. */
  readonly number: number;
  /** Files to use again. The newest is among them, as a log without any would be taken for lost. */
  readonly kept: readonly string[];
  /** The others. */
  readonly spare: readonly string[];
}

interface Segment extends SegmentHeader {
  readonly name: string;
}

const NAME = /^\d{1,9}\.log$/;

function broken(what: string): StoreError {
  return new StoreError(
    "corrupt",
    `Cannot read the write-ahead log: ${what}. The disk or something else changed the log; restore the last backup`,
  );
}

/**
 * Finds the commits that the log holds beyond `checkpoint`, a sequence number. What was being written at a crash is cut
 * off; StoreError `corrupt` for all else that is not as it was written: a commit is never left out in silence.
 */
export async function recoverLog(
  disk: LogDisk,
  store: Uint8Array,
  checkpoint: number,
  segmentBytes: number,
): Promise<RecoveredLog> {
  const names = (await disk.names()).filter((name) => NAME.test(name));
  if (names.length > SEGMENTS_MAX) throw broken(`there are ${names.length} files`);
  const segments: Segment[] = [];
  const whole: string[] = [];
  for (const name of names) {
    await using file = await openForReading(disk, name);
    const header = decodeHeader(store, await file.read(SEGMENT_HEADER_BYTES, 0));
    if (header === "broken") throw broken(`file "${name}" has no valid header`);
    if (header === "foreign") throw broken(`file "${name}" belongs to another store`);
    if (header !== "blank") segments.push({ ...header, name });
    // Others were cut off in their making, or have grown by a large commit.
    if ((await file.size()) === segmentBytes) whole.push(name);
  }
  segments.sort((left, right) => left.number - right.number);
  const begin = segments.findLastIndex(({ first }) => first <= checkpoint + 1);
  if (begin < 0 && (segments.length > 0 || checkpoint > 0)) {
    throw broken(`commits from number ${checkpoint + 1} on are missing`);
  }
  const extents: Extent[] = [];
  let sequence = checkpoint;
  for (let index = Math.max(0, begin); index < segments.length; index++) {
    const segment = segments[index]!;
    const limit = segments[index + 1]?.first ?? Infinity;
    await using file = await openForReading(disk, segment.name);
    const bytes = await file.read(await file.size(), 0);
    const found = readSegment(segment, bytes, checkpoint, limit, extents);
    if (found.next < limit && limit < Infinity) {
      throw broken(`file "${segment.name}" is broken at byte ${found.offset}, commit ${found.next}`);
    }
    // Each frame is synced before the next is written: behind the one that a crash cut off there is none.
    const behind = limit < Infinity ? -1 : findFrameBehind(bytes, found.offset, segment.salt, found.next);
    if (behind >= 0) {
      throw broken(
        `file "${segment.name}" is broken at byte ${found.offset}, commit ${found.next}; others follow it`,
      );
    }
    sequence = Math.max(sequence, found.next - 1);
  }
  const newest = segments.at(-1);
  const kept = new Set([...(newest === undefined ? [] : [newest.name]), ...whole].slice(0, SEGMENT_SPARES));
  const spare = names.filter((name) => !kept.has(name));
  return { extents, sequence, number: (newest?.number ?? 0) + 1, kept: [...kept], spare };
}

async function openForReading(disk: LogDisk, name: string): Promise<LogDiskFile & AsyncDisposable> {
  const file = await disk.open(name);
  return { ...file, [Symbol.asyncDispose]: () => file.close() };
}

/** Where the frames of a segment end, and the number that its next one would have. */
function readSegment(
  { name, salt, first }: Segment,
  bytes: Buffer,
  checkpoint: number,
  limit: number,
  extents: Extent[],
): { offset: number; next: number } {
  let offset = SEGMENT_HEADER_BYTES;
  let next = first;
  while (next < limit) {
    const end = endOfFrame(bytes, offset, salt, next);
    if (end === 0) break;
    if (next > checkpoint) extents.push({ name, salt, from: offset, to: end, first: next, last: next });
    offset = end;
    next += 1;
  }
  return { offset, next };
}
