import { Held } from "./fair/held.ts";
import type { Share } from "./fair/share.ts";
import { RESEND_BYTES_MAX } from "./limits.ts";
import type { UpstreamConnection } from "./upstream-connection.ts";

/** What followed a request's first bytes, kept as long as it is little, so that the request can be sent again. */
export class KeptBody {
  /** What was added is all there is. */
  whole = true;
  #bytes = 0;
  readonly #held: Held;
  readonly #parts: Buffer[] = [];

  constructor(share: Share | undefined) {
    this.#held = new Held(share);
  }

  clear(): void {
    this.whole = true;
    if (this.#bytes === 0) return;
    this.#bytes = 0;
    this.#held.set(0);
    this.#parts.length = 0;
  }

  /** False once it is too much to keep, by itself or with all that its caller has. */
  add(part: Buffer): boolean {
    if (!this.whole) return false;
    this.#bytes += part.length;
    if (this.#bytes > RESEND_BYTES_MAX || !this.#held.set(this.#bytes)) this.drop();
    else this.#parts.push(part);
    return this.whole;
  }

  drop(): void {
    this.whole = false;
    this.#held.set(0);
    this.#parts.length = 0;
  }

  /** Sends a request as far as it is there; false when the connection takes no more for now. */
  send(connection: UpstreamConnection, first: Buffer, firstBody: Buffer | undefined): boolean {
    let ready: boolean;
    if (firstBody === undefined) {
      ready = connection.write(first);
    } else {
      connection.cork();
      connection.write(first);
      ready = connection.write(firstBody);
      connection.uncork();
    }
    for (const part of this.#parts) ready = connection.write(part);
    return ready;
  }
}
