import { once } from "node:events";
import { connect as dialTcp, isIP, type Socket } from "node:net";
import { connect as dialTls, type TLSSocket } from "node:tls";
import type { Clock } from "@plinth/clock";
import { Fault, messageOf } from "@plinth/fault";
import { GrpcClient } from "@plinth/grpc";
import { connect, type Http2Session } from "@plinth/http2";
import { type Endpoint, endpointText } from "./endpoint.ts";

/** A member that is there answers sooner, and the others are waiting to be tried. */
const DIAL_TIMEOUT_MS = 2_000;
/** Without a byte for so long while calls wait, a sign of life is asked for. etcd allows it each 5 s. */
const QUIET_MS = 7_000;
/** For that sign to come: a dead member is left after 10 s, which is the default deadline of a call. */
const LIFE_TIMEOUT_MS = 3_000;
/** Calls of one connection under way; every watch is one. */
const STREAMS_MAX = 1024;
/** What each may have received and not read: one that is not read holds its own window, not the others' as well. */
const STREAM_WINDOW_BYTES = 128 * 1024;
/** etcd's answers have no limit but this: the largest range that is taken in one piece. */
const MESSAGE_BYTES_MAX = 64 * 2 ** 20;

/** TLS to every endpoint, as node:tls takes it (PEM). */
export interface TlsOptions {
  /** Default: the system's roots. */
  readonly ca?: string | Buffer;
  /** The client's own, where the cluster asks for one. */
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  /** The name in the servers' certificates. Default: the endpoint's host. */
  readonly serverName?: string;
}

export interface DialOptions {
  readonly tls: TlsOptions | undefined;
  readonly clock: Clock;
  /** Ends the attempt. */
  readonly signal: AbortSignal;
}

/** One connection to one member. */
export class Connection {
  readonly endpoint: Endpoint;
  readonly grpc: GrpcClient;
  /** It takes no new calls. */
  retired = false;
  readonly #socket: Socket;
  readonly #session: Http2Session;
  readonly #clock: Clock;
  #cancelLook: () => void = () => {};

  constructor(socket: Socket, endpoint: Endpoint, { tls, clock }: Pick<DialOptions, "tls" | "clock">) {
    this.endpoint = endpoint;
    this.#socket = socket;
    this.#clock = clock;
    const limits = {
      streamsMax: STREAMS_MAX,
      streamWindowBytes: STREAM_WINDOW_BYTES,
      connectionWindowBytes: STREAMS_MAX * STREAM_WINDOW_BYTES,
    };
    const ended = (): void => {
      this.retired = true;
      this.#cancelLook();
    };
    this.#session = connect(
      socket,
      { onGoaway: () => (this.retired = true), onEnd: ended },
      { clock, limits },
    );
    this.grpc = new GrpcClient(this.#session, {
      authority: endpointText(endpoint),
      scheme: tls === undefined ? "http" : "https",
      clock,
      messageBytesMax: MESSAGE_BYTES_MAX,
    });
    this.#look(0);
  }

  /** Nothing of it is left. */
  get closed(): boolean {
    return this.#socket.closed;
  }

  /** Bytes received: whether the member has said anything since. */
  get heardBytes(): number {
    return this.#socket.bytesRead;
  }

  /** Calls under way end here, others go elsewhere; then it closes. */
  retire(): void {
    this.retired = true;
    this.#session.close();
  }

  /** Ends every call; resolves once the socket is closed. */
  async destroy(): Promise<void> {
    this.retired = true;
    this.#cancelLook();
    if (this.#socket.closed) return;
    const closed = once(this.#socket, "close");
    this.#socket.destroy();
    await closed;
  }

  /** Looks whether something was heard since the last look; if not, and a call waits, asks for a sign of life. */
  #look(heardBefore: number): void {
    this.#cancelLook = this.#clock.schedule(QUIET_MS, () => {
      const heard = this.heardBytes;
      if (heard !== heardBefore || this.#session.streams.size === 0) return this.#look(heard);
      this.#session.ping();
      this.#cancelLook = this.#clock.schedule(LIFE_TIMEOUT_MS, () => {
        if (this.heardBytes === heard) this.#socket.destroy();
        else this.#look(this.heardBytes);
      });
    });
  }
}

/**
 * Fault `unavailable` with the reason when there is no connection in time, `unauthorized` when the server's certificate is
 * not to be trusted.
 */
export async function dial(endpoint: Endpoint, options: DialOptions): Promise<Connection> {
  const { tls, clock, signal } = options;
  const patience = new AbortController();
  const cancel = clock.schedule(DIAL_TIMEOUT_MS, () =>
    patience.abort(new Error(`no answer within ${DIAL_TIMEOUT_MS} ms`)),
  );
  const socket = tls === undefined ? dialTcp(endpoint) : dialWithTls(endpoint, tls);
  // What fails later is told by "close".
  socket.on("error", () => {});
  const either = AbortSignal.any([signal, patience.signal]);
  try {
    await once(socket, tls === undefined ? "connect" : "secureConnect", { signal: either });
    if (tls !== undefined && (socket as TLSSocket).alpnProtocol !== "h2") {
      throw new Error("the server does not speak HTTP/2");
    }
    return new Connection(socket, endpoint, options);
  } catch (error) {
    socket.destroy();
    const cause: unknown = either.aborted ? either.reason : error;
    const distrusted = tls !== undefined && Boolean((socket as TLSSocket).authorizationError);
    throw new Fault(
      distrusted ? "unauthorized" : "unavailable",
      `Cannot connect to ${endpointText(endpoint)}: ${messageOf(cause)}`,
      {
        cause,
      },
    );
  } finally {
    cancel();
  }
}

function dialWithTls({ host, port }: Endpoint, { ca, cert, key, serverName }: TlsOptions): TLSSocket {
  const name = serverName ?? host;
  return dialTls({
    host,
    port,
    ALPNProtocols: ["h2"],
    // An address has no place in SNI; its certificate is checked all the same.
    ...(isIP(name) === 0 ? { servername: name } : {}),
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  });
}
