import { ErrorCode, type Http2Stream, ResetCause, type StreamHandler } from "@plinth/http2";
import { fieldValue } from "@plinth/grpc";
import { Held } from "../fair/held.ts";
import type { Share } from "../fair/share.ts";
import { LINK_REOPEN_MAX } from "../limits.ts";
import type { Transport, TransportUser } from "../transport.ts";
import type { Link, LinkWaiter } from "./link.ts";

/** Where links come from. */
export interface LinkSource {
  /** One with room, or why there is none. */
  take(): Link | string;
}

const Phase = { opening: 0, open: 1, closed: 2 } as const;

/**
 * A connection to an instance on another host: one stream of a link. What comes while its user does not read waits
 * here, and its window is given back only when the user reads on.
 */
export class LinkTransport implements Transport, StreamHandler, LinkWaiter {
  readonly #links: LinkSource;
  readonly #instance: string;
  readonly #user: TransportUser;
  #phase: number = Phase.opening;
  #waitsFor: Link | undefined = undefined;
  #link: Link | undefined = undefined;
  #stream: Http2Stream | undefined = undefined;
  #opened = 0;
  #held: Buffer[] = [];
  #heldBytes = 0;
  readonly #account: Held = new Held(undefined);
  #paused = false;
  /** Given to the user, who could take no more then. */
  #owed = 0;
  #remoteEnded = false;
  #endTold = false;
  #localEnded = false;

  constructor(links: LinkSource, instance: string, user: TransportUser) {
    this.#links = links;
    this.#instance = instance;
    this.#user = user;
    this.#take();
  }

  #take(): void {
    const link = this.#links.take();
    if (typeof link === "string") this.#closeLater(problem(link));
    else if (link.ready) this.#open(link);
    else {
      this.#waitsFor = link;
      link.wait(this);
    }
  }

  #open(link: Link): void {
    const stream = link.open(this.#instance, this);
    if (stream === undefined) {
      this.#take();
      return;
    }
    this.#link = link;
    this.#stream = stream;
  }

  linkReady(link: Link): void {
    this.#waitsFor = undefined;
    if (this.#phase === Phase.opening) this.#open(link);
  }

  linkFailed(why: string): void {
    this.#waitsFor = undefined;
    this.#close(problem(why));
  }

  // What the other side says.

  onHeaders(fields: string[], endStream: boolean): void {
    if (fields[1] !== "200") {
      this.#stream?.data(NOTHING, true);
      if (!endStream) this.#stream?.reset(ErrorCode.cancel);
      this.#close(problem(fieldValue(fields, "plinth-error") ?? `status ${fields[1]}`));
      return;
    }
    this.#phase = Phase.open;
    this.#user.transportConnected();
    if (endStream) this.#onEnd();
  }

  onInformational(): void {}

  onData(bytes: Buffer, endStream: boolean): void {
    if (this.#phase !== Phase.open) {
      this.#stream?.consume(bytes.length);
      return;
    }
    if (this.#paused) this.#hold(bytes);
    else this.#give(bytes);
    if (this.#phase !== Phase.open) return;
    if (endStream) this.#onEnd();
  }

  onTrailers(): void {
    this.#onEnd();
  }

  onReset(code: number, cause: number): void {
    this.#stream = undefined;
    if (this.#phase === Phase.opening && cause === ResetCause.unprocessed && this.#opened < LINK_REOPEN_MAX) {
      this.#opened++;
      this.#take();
      return;
    }
    const lost = cause === ResetCause.connection || cause === ResetCause.rule;
    this.#close(problem(lost ? "lost its link" : code === ErrorCode.refusedStream ? "EBUSY" : "ECONNRESET"));
  }

  onWritable(): void {
    if (this.#phase === Phase.open) this.#user.transportDrained();
  }

  #hold(bytes: Buffer): void {
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
    if (this.#account.set(this.#heldBytes)) return;
    this.#stream?.reset(ErrorCode.cancel);
    this.#close(problem("too much of what it sent is unread"));
  }

  #give(bytes: Buffer): void {
    if (!this.#user.transportData(bytes)) this.#paused = true;
    if (this.#paused) this.#owed += bytes.length;
    else this.#stream?.consume(bytes.length);
  }

  #onEnd(): void {
    this.#remoteEnded = true;
    this.#tellEnd();
  }

  #tellEnd(): void {
    if (!this.#remoteEnded || this.#held.length > 0 || this.#endTold || this.#phase !== Phase.open) return;
    this.#endTold = true;
    this.#user.transportEnded();
    this.#closeIfDone();
  }

  #closeIfDone(): void {
    if (this.#endTold && this.#localEnded && this.#phase === Phase.open) this.#closeLater(undefined);
  }

  get flushed(): boolean {
    return false;
  }

  get retired(): boolean {
    return this.#link?.retired === true;
  }

  // What its user asks for.

  /** What waits here is on this workload's account; reads are on that of the link. */
  charge(share: Share | undefined): void {
    this.#account.set(0);
    this.#account.share = share;
    this.#account.set(this.#heldBytes);
  }

  write(bytes: Buffer): boolean {
    if (this.#stream === undefined || this.#localEnded) return true;
    return this.#stream.data(bytes);
  }

  readOn(): void {
    if (!this.#paused || this.#phase !== Phase.open) return;
    this.#paused = false;
    const owed = this.#owed;
    this.#owed = 0;
    this.#stream?.consume(owed);
    while (this.#held.length > 0 && !this.#paused) {
      const bytes = this.#held.shift()!;
      this.#heldBytes -= bytes.length;
      this.#give(bytes);
    }
    this.#account.set(this.#heldBytes);
    if (!this.#paused) this.#tellEnd();
  }

  cork(): void {}

  uncork(): void {}

  end(): void {
    if (this.#localEnded) return;
    this.#localEnded = true;
    this.#stream?.data(NOTHING, true);
    this.#closeIfDone();
  }

  destroy(): void {
    this.#abandon(ErrorCode.cancel);
  }

  reset(): void {
    this.#abandon(ErrorCode.connectError);
  }

  #abandon(code: number): void {
    if (this.#phase === Phase.closed) return;
    this.#waitsFor?.stopWaiting(this);
    this.#waitsFor = undefined;
    // What is queued of a stream whose both ends are said goes on to its end.
    if (!(this.#remoteEnded && this.#localEnded)) this.#stream?.reset(code);
    this.#closeLater(undefined);
  }

  /** Tells its user when it has come back from what it is doing. */
  #closeLater(error: NodeJS.ErrnoException | undefined): void {
    if (this.#phase === Phase.closed) return;
    this.#settle();
    queueMicrotask(() => this.#user.transportClosed(error));
  }

  #close(error: NodeJS.ErrnoException): void {
    if (this.#phase === Phase.closed) return;
    this.#settle();
    this.#user.transportClosed(error);
  }

  #settle(): void {
    this.#phase = Phase.closed;
    this.#stream?.consume(this.#owed + this.#heldBytes);
    this.#held = [];
    this.#heldBytes = 0;
    this.#account.set(0);
    this.#owed = 0;
  }
}

const NOTHING: Buffer = Buffer.alloc(0);

/** Errors are told by their codes, as those of sockets are. */
function problem(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(code), { code });
}
