const SLOTS = 256; // the streams that can have frames under way

/** How a stream has ended. */
export const End = {
  /** It is not remembered. */
  unknown: 0,
  /** Both directions have ended. */
  inOrder: 1,
  /** We have reset it: what still comes for it is to be ignored (RFC 9113 §5.1). */
  byUs: 2,
  byPeer: 3,
} as const;

/** Remembers how the streams that closed last have ended, as frames for them may still be under way. */
export class Graves {
  readonly #ids: Int32Array = new Int32Array(SLOTS);
  readonly #ends: Uint8Array = new Uint8Array(SLOTS);

  bury(streamId: number, end: number): void {
    const slot = (streamId >>> 1) & (SLOTS - 1);
    this.#ids[slot] = streamId;
    this.#ends[slot] = end;
  }

  endOf(streamId: number): number {
    const slot = (streamId >>> 1) & (SLOTS - 1);
    return this.#ids[slot] === streamId ? this.#ends[slot]! : End.unknown;
  }

  /** True if `streamId` was passed over when later streams up to `lastId` were opened. */
  neverOpened(streamId: number, lastId: number): boolean {
    return lastId - streamId < SLOTS * 2 && this.endOf(streamId) === End.unknown;
  }
}
