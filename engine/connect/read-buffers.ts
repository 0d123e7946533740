import { Socket } from "node:net";

/**
 * Where Node's sockets read to. By itself Node makes a buffer of 64 KiB for each read and cuts it down afterwards, and
 * in a flood of large ones the collector runs several times a second. Here small reads go through one buffer and are copied into a slab; a socket that reads much is given large
 * buffers in turn, which come back by `spent`. Bun reads through a buffer of its own already.
 * Benchmarks: http1 (6 % of Node's CPU), fairness (floods of bytes).
 */

const READ_BYTES: number = 64 * 1024;
/** Reads up to this are copied: that costs less than what a buffer of one's own does. */
const SMALL_BYTES: number = 8 * 1024;
/** A small read that is kept keeps its slab. */
const SLAB_BYTES: number = 16 * 1024;
/** Reads from this on show that there is more to come. */
const BULK_BYTES: number = 32 * 1024;
/** Large buffers kept for the next reads: more than sockets are ever read in one turn. */
const FREE_MAX = 64;

/** Node's own places for what its `onread` option, which accepted sockets cannot be given, would set. */
interface Places {
  readonly buffer: symbol;
  readonly callback: symbol;
  readonly next: symbol;
}
type NodeSocket = Record<symbol, unknown> & {
  readonly _handle: { useUserBuffer?(buffer: Buffer): void } | null;
};

const places = findPlaces();
const shared: Buffer = Buffer.allocUnsafeSlow(READ_BYTES);
let slab: Buffer = Buffer.allocUnsafeSlow(SLAB_BYTES);
let slabUsed = 0;
const free: Buffer[] = [];
/** Large buffers by their memory: what comes back may be any part of one. */
const large: WeakMap<ArrayBufferLike, Buffer> = new WeakMap();

function findPlaces(): Places | undefined {
  const all = Object.getOwnPropertySymbols(new Socket());
  const place = (name: string): symbol | undefined => all.find(({ description }) => description === name);
  const [buffer, callback, next] = [place("kBuffer"), place("kBufferCb"), place("kBufferGen")];
  if (buffer === undefined || callback === undefined || next === undefined) return undefined;
  return { buffer, callback, next };
}

/**
 * From now on the socket's reads go to `onBytes`, which answers false to stop. False when the runtime offers no such
 * way: then reads come by the socket's `push`. What `onBytes` gets is the receiver's to keep.
 */
export function readInto(socket: Socket, onBytes: (bytes: Buffer) => boolean): boolean {
  const node = socket as unknown as NodeSocket;
  if (places === undefined || node._handle?.useUserBuffer === undefined) return false;
  let reading = shared;
  node[places.buffer] = shared;
  node[places.callback] = (length: number): boolean => {
    const bytes = reading === shared ? copied(length) : reading.subarray(0, length);
    const goesOn = onBytes(bytes);
    // The buffer of before is the receiver's now, unless it has come back meanwhile.
    reading = goesOn && length >= BULK_BYTES ? largeBuffer() : shared;
    return goesOn;
  };
  node[places.next] = (): Buffer => reading;
  node._handle.useUserBuffer(shared);
  return true;
}

function copied(length: number): Buffer {
  if (length > SMALL_BYTES) {
    const buffer = length < BULK_BYTES ? Buffer.allocUnsafeSlow(length) : largeBuffer();
    shared.copy(buffer, 0, 0, length);
    return buffer.subarray(0, length);
  }
  if (slabUsed + length > SLAB_BYTES) {
    slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
    slabUsed = 0;
  }
  const from = slabUsed;
  slabUsed += shared.copy(slab, from, 0, length);
  return slab.subarray(from, slabUsed);
}

function largeBuffer(): Buffer {
  const known = free.pop();
  if (known !== undefined) return known;
  const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
  large.set(buffer.buffer, buffer);
  return buffer;
}

/** Gives the memory of a read back, once: nobody looks at it any more, and all of it that was to be written has left. */
export function spent(bytes: Buffer): void {
  if (bytes.length <= SMALL_BYTES || free.length === FREE_MAX) return;
  const buffer = large.get(bytes.buffer);
  if (buffer !== undefined) free.push(buffer);
}
