import type { Share } from "./share.ts";

/** Bytes that one exchange or connection keeps, on its workload's account. */
export class Held {
  share: Share | undefined;
  #bytes = 0;

  constructor(share: Share | undefined) {
    this.share = share;
  }

  /** So many are kept now; false when there is no room for them: nothing has changed then. */
  set(bytes: number): boolean {
    if (bytes === this.#bytes || this.share === undefined) return true;
    if (!this.share.hold(this.#bytes, bytes)) return false;
    this.#bytes = bytes;
    return true;
  }
}
