import type { Share } from "./fair/share.ts";
import type { RefusalCode } from "./refusal.ts";

/** What an exchange asks of the connection its request came on. */
export interface Requester {
  /** On whose account the exchange is. */
  readonly share: Share | undefined;
  /** False: write no more until the exchange hears `requesterDrained`. */
  write(bytes: Buffer): boolean;
  /** Nothing of what was written is waiting here. */
  readonly flushed: boolean;
  cork(): void;
  uncork(): void;
  /** Stops and goes on giving request bytes to the exchange. */
  pauseRequest(): void;
  resumeRequest(): void;
  /** The client, or a proxy that drains, wants the connection to end with this answer. */
  wantsClose(): boolean;
  /** Answers in the proxy's own words; nothing has been answered yet. */
  refuse(status: number, code: RefusalCode, text: string): void;
  /** The exchange is over and its answer whole. */
  answered(): void;
  /** The answer broke off: the client must see that it is not whole. */
  broken(): void;
  /** The connection is a tunnel from now on; returns what the client has sent already. */
  becomeTunnel(): Buffer;
  /** The instance sends no more. */
  tunnelEnded(): void;
  tunnelClosed(broken: boolean): void;
  /** Something moved: idle timeouts begin anew. */
  touch(): void;
}
