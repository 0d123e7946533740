import { createHash } from "node:crypto";
import { StoreError } from "./mvcc.ts";

/** etcd's clients take a snapshot for whole when it is so many bytes times any number, and a SHA-256 behind them. */
const SNAPSHOT_BLOCK_BYTES = 512;
const SEAL_BYTES = 32;

/** Zeros that a sealed snapshot may have behind what it holds. */
export const PADDING_BYTES_MAX: number = SNAPSHOT_BLOCK_BYTES - 1;

/** As etcd sends a snapshot and `etcdctl snapshot save` keeps it: filled up with zeros, then SHA-256 of all before it. */
export async function* sealSnapshot(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const hash = createHash("sha256");
  let length = 0;
  for await (const chunk of stream) {
    hash.update(chunk);
    length += chunk.length;
    yield chunk;
  }
  const rest = length % SNAPSHOT_BLOCK_BYTES;
  if (rest > 0) {
    const padding = Buffer.alloc(SNAPSHOT_BLOCK_BYTES - rest);
    hash.update(padding);
    yield padding;
  }
  yield hash.digest();
}

/** What is before the seal, zeros included, and the seal itself at last; StoreError `corrupt` where it does not match. */
export async function* unsealSnapshot(
  stream: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, Uint8Array> {
  const hash = createHash("sha256");
  let length = 0;
  /** The last bytes so far: the seal, if nothing follows. */
  let held: Buffer = Buffer.alloc(0);
  for await (const chunk of stream) {
    const all = Buffer.concat([held, chunk]);
    const open = all.subarray(0, Math.max(0, all.length - SEAL_BYTES));
    held = all.subarray(open.length);
    if (open.length === 0) continue;
    hash.update(open);
    length += open.length;
    yield open;
  }
  if (length === 0 || length % SNAPSHOT_BLOCK_BYTES !== 0) {
    throw new StoreError(
      "corrupt",
      `Cannot use the snapshot: ${length + held.length} bytes are not a whole one`,
    );
  }
  if (!hash.digest().equals(held)) {
    throw new StoreError("corrupt", "Cannot use the snapshot: its SHA-256 does not match");
  }
  return held;
}

/** The same bytes; StoreError `corrupt` at their end where they are not a whole sealed snapshot. */
export async function* checkedSnapshot(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const seal = yield* unsealSnapshot(stream);
  yield seal;
}
