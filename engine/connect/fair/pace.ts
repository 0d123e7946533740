import type { Socket } from "node:net";
import { endReading, readMore } from "../socket-inside.ts";
import type { Share } from "./share.ts";
import { type Deferred, unitsOf } from "./turns.ts";

/**
 * One socket's reads and unsent bytes, on its workload's account. A read that comes when the workload has had its
 * turn waits here, and nothing more is read from that socket until then, so that the kernel holds the sender back.
 */
export class Pace implements Deferred {
  /** Who pays; undefined for a connection that is nobody's for now. */
  share: Share | undefined = undefined;
  /** Who takes the reads; undefined as long as nobody does. */
  onBytes: ((bytes: Buffer) => boolean) | undefined = undefined;
  readonly #socket: Socket;
  /** Reads that wait; more than one only where the runtime had read on already. */
  readonly #waiting: Buffer[] = [];
  #isQueued = false;
  #ended = false;
  /** Of bytes written that the other end has not taken: how many are on whose account. */
  #heldBytes = 0;
  #heldBy: Share | undefined = undefined;
  #watches = false;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** A read: given on at once, or kept for the workload's turn. False: read no more for now. */
  read(bytes: Buffer): boolean {
    const { share } = this;
    if (this.#waiting.length === 0) {
      if (share === undefined || share.turns.takes(share, bytes.length)) return this.onBytes!(bytes);
    }
    this.#waiting.push(bytes);
    this.#queue();
    return false;
  }

  /** The other end sends no more: true when that may be told now, else it is told behind what waits. */
  end(): boolean {
    this.#ended = this.#waiting.length > 0;
    return !this.#ended;
  }

  #queue(): void {
    const { share } = this;
    if (this.#isQueued || share === undefined) return;
    this.#isQueued = true;
    share.turns.defer(share, this);
  }

  proceed(): number {
    this.#isQueued = false;
    const bytes = this.#waiting.shift();
    if (bytes === undefined || this.#socket.destroyed) {
      this.#waiting.length = 0;
      return 0;
    }
    if (this.onBytes!(bytes)) this.go();
    return unitsOf(bytes.length);
  }

  /** Goes on reading: with what waits here first. */
  go(): void {
    if (this.#waiting.length > 0) {
      this.#queue();
    } else if (this.#ended) {
      this.#ended = false;
      endReading(this.#socket);
    } else {
      readMore(this.#socket);
    }
  }

  /** The other end has not taken all that was written: it goes on the workload's account, or the connection ends. */
  unsent(): void {
    if (this.#heldBytes === 0) this.#heldBy = this.share;
    if (!this.#watches) {
      this.#watches = true;
      this.#socket.on("drain", this.#account);
      this.#socket.on("close", this.#forget);
    }
    this.#account();
  }

  readonly #account = (): void => {
    const share = this.#heldBy;
    if (share === undefined) return;
    const bytes = this.#socket.writableLength;
    if (share.hold(this.#heldBytes, bytes)) this.#heldBytes = bytes;
    else this.#socket.resetAndDestroy();
  };

  readonly #forget = (): void => {
    this.#heldBy?.hold(this.#heldBytes, 0);
    this.#heldBytes = 0;
    this.#waiting.length = 0;
  };
}
