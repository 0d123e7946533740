import { connect, type Socket } from "node:net";
import { ErrorCode, type Http2Stream, type StreamHandler } from "@plinth/http2";
import type { Share } from "../fair/share.ts";
import { CONNECT_TIMEOUT_MS } from "../limits.ts";
import type { LocalInstance } from "../snapshot.ts";
import { chargeTo, readBytes, readOn, writeBytes } from "../wire.ts";
import type { PeerTraffic } from "./peer-counts.ts";

/** What a stream needs of the link it came on. */
export interface PeerStreamHome {
  /** Undefined for a refusal that has been counted: the status and reason to answer. */
  admit(fields: readonly string[]): Admission | Refusal;
  refused(reason: string): void;
  closed(stream: PeerStream): void;
}

export interface Admission {
  readonly name: string;
  readonly instance: LocalInstance;
  readonly traffic: PeerTraffic;
  /** One of its connections has been taken for the stream. */
  readonly share: Share;
}

export interface Refusal {
  readonly status: number;
  readonly reason: string;
}

const Phase = { new: 0, connecting: 1, open: 2, closed: 3 } as const;

/** A connection from another host to an instance here: a stream of a link, joined to a socket. */
export class PeerStream implements StreamHandler {
  /** The instance's name; empty before it is known. */
  instance = "";
  readonly #stream: Http2Stream;
  readonly #home: PeerStreamHome;
  readonly #sinceMs: number;
  #phase: number = Phase.new;
  #socket: Socket | undefined = undefined;
  #traffic: PeerTraffic | undefined = undefined;
  /** Given to a socket that could take no more then. */
  #owed = 0;
  #localEnded = false;
  #remoteEnded = false;

  constructor(stream: Http2Stream, home: PeerStreamHome, nowMs: number) {
    this.#stream = stream;
    this.#home = home;
    this.#sinceMs = nowMs;
  }

  onHeaders(fields: string[], endStream: boolean): void {
    const admitted = this.#home.admit(fields);
    if ("status" in admitted) {
      this.#refuse(admitted.status, admitted.reason);
      return;
    }
    const { name, instance, traffic, share } = admitted;
    this.instance = name;
    this.#phase = Phase.connecting;
    this.#traffic = traffic;
    const { address: host, port } = instance;
    const socket = connect({ host, port, noDelay: true, allowHalfOpen: true, keepAlive: true });
    this.#socket = socket;
    chargeTo(socket, share);
    socket.on("connect", () => this.#onConnect());
    readBytes(socket, (chunk) => this.#onChunk(chunk));
    socket.on("end", () => this.#onSocketEnd());
    socket.on("drain", () => this.#giveBack());
    socket.on("error", (error: NodeJS.ErrnoException) => this.#onSocketError(error));
    socket.on("close", () => {
      share.connections.add(-1);
      this.#onSocketClose();
    });
    if (endStream) this.#onEnd();
  }

  /** An answer of the proxy's own; nothing has been passed on. */
  #refuse(status: number, reason: string): void {
    this.#home.refused(reason);
    this.#phase = Phase.closed;
    this.#stream.headers([":status", String(status), "plinth-error", reason], true);
    this.#home.closed(this);
  }

  #onConnect(): void {
    if (this.#phase !== Phase.connecting) return;
    this.#phase = Phase.open;
    this.#traffic!.tcp.opened();
    this.#stream.headers([":status", "200"]);
  }

  #onChunk(chunk: Buffer): boolean {
    if (this.#phase !== Phase.open) return true;
    this.#traffic!.tcp.writeBytes += chunk.length;
    return this.#stream.data(chunk);
  }

  #onSocketEnd(): void {
    if (this.#phase !== Phase.open) return;
    this.#localEnded = true;
    this.#stream.data(NOTHING, true);
    this.#closeIfDone();
  }

  #onSocketError(error: NodeJS.ErrnoException): void {
    if (this.#phase === Phase.connecting) {
      this.#socket!.destroy();
      this.#refuse(503, error.code === "ETIMEDOUT" ? "connect-timeout" : "connect-failed");
    } else if (this.#phase === Phase.open) {
      // What happens to a connection is told as it is (RFC 9113 §8.5).
      this.#stream.reset(ErrorCode.connectError);
      this.#close();
    }
  }

  /** Ended by whoever keeps the accounts; after an end in order nothing is left to tell. */
  #onSocketClose(): void {
    if (this.#phase !== Phase.open) return;
    this.#stream.reset(ErrorCode.connectError);
    this.#close();
  }

  onInformational(): void {}

  onData(bytes: Buffer, endStream: boolean): void {
    if (this.#phase === Phase.closed) {
      this.#stream.consume(bytes.length);
      return;
    }
    if (bytes.length > 0) {
      this.#traffic!.tcp.readBytes += bytes.length;
      if (writeBytes(this.#socket!, bytes)) this.#stream.consume(bytes.length);
      else this.#owed += bytes.length;
    }
    if (endStream) this.#onEnd();
  }

  onTrailers(): void {
    this.#onEnd();
  }

  #onEnd(): void {
    if (this.#phase === Phase.closed) return;
    this.#remoteEnded = true;
    this.#socket!.end();
    this.#closeIfDone();
  }

  #giveBack(): void {
    const owed = this.#owed;
    this.#owed = 0;
    this.#stream.consume(owed);
  }

  onWritable(): void {
    if (this.#phase === Phase.open) readOn(this.#socket!);
  }

  /** The other side wants it closed, lets a reset pass, or is gone, which looks like one. */
  onReset(code: number): void {
    if (this.#phase === Phase.closed) return;
    if (code === ErrorCode.cancel || this.#phase === Phase.connecting) this.#socket!.destroy();
    else this.#socket!.resetAndDestroy();
    this.#close();
  }

  /** Both ends have been said: what is still on its way arrives. */
  #closeIfDone(): void {
    if (this.#localEnded && this.#remoteEnded) this.#close();
  }

  #close(): void {
    const wasOpen = this.#phase === Phase.open;
    this.#phase = Phase.closed;
    if (wasOpen) this.#traffic!.tcp.closed();
    this.#giveBack();
    this.#home.closed(this);
  }

  tick(nowMs: number): void {
    if (this.#phase === Phase.open) this.#traffic!.movedMs = nowMs;
    if (this.#phase !== Phase.connecting || nowMs - this.#sinceMs < CONNECT_TIMEOUT_MS) return;
    this.#socket!.destroy();
    this.#refuse(503, "connect-timeout");
  }
}

const NOTHING: Buffer = Buffer.alloc(0);
