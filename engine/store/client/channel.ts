import type { Clock, Random } from "@plinth/clock";
import { AuthenticateRequest, authService } from "@plinth/etcd";
import { Fault, messageOf } from "@plinth/fault";
import { type ClientCall, GrpcError, type Metadata, type Method, Status } from "@plinth/grpc";
import { OutcomeUnknownError } from "./backend.ts";
import { backOff } from "./backoff.ts";
import { type Connection, dial, type TlsOptions } from "./connection.ts";
import { type Deadline, untilAborted } from "./deadline.ts";
import type { Endpoint } from "./endpoint.ts";
import { errorOf, hasNotHappened, isOutcomeUnknown, isTokenRefused, isTransient } from "./wire-errors.ts";

/** Before the second attempt: a member that was killed is replaced by another one at once or after an election. */
export const RETRY: { readonly firstMs: number; readonly mostMs: number } = { firstMs: 25, mostMs: 1_000 };
/** A member without a leader refuses what has this in its metadata, instead of letting it wait. */
const REQUIRE_LEADER: readonly [string, string] = ["hasleader", "true"];
/** Those that were left and still have watches, too: a program with thousands of watches has another fault. */
const CONNECTIONS_MAX = 8;
/** For a new token; a member that does not answer is left. */
const AUTHENTICATE_TIMEOUT_MS = 5_000;

export interface Credentials {
  readonly user: string;
  readonly password: string;
}

export interface ChannelOptions {
  readonly endpoints: readonly Endpoint[];
  readonly tls: TlsOptions | undefined;
  readonly credentials: Credentials | undefined;
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * "read": sent again whenever that may help, since nothing changes; "write": only where it is sure that it has not
 * happened, as etcd's own client does.
 */
export type CallKind = "read" | "write";

/** Calls to a cluster over one connection at a time, to another member when the one it has fails. */
export class Channel implements AsyncDisposable {
  readonly #options: ChannelOptions;
  readonly #closing: AbortController = new AbortController();
  readonly #connections: Set<Connection> = new Set();
  #current: Connection | undefined = undefined;
  #dialing: Promise<Connection> | undefined = undefined;
  /** The endpoint to try first. */
  #next: number;
  #token: Promise<string | undefined> | undefined = undefined;

  constructor(options: ChannelOptions) {
    this.#options = options;
    // Clients begin at different members.
    this.#next = Math.floor(options.random() * options.endpoints.length);
  }

  /** Aborted when the channel is closed. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  /** One request, one response. `deed` begins messages: "Cannot <deed>: …". */
  async call<Request, Response>(
    method: Method<Request, Response>,
    request: Request,
    deadline: Deadline,
    { kind, deed }: { readonly kind: CallKind; readonly deed: string },
  ): Promise<Response> {
    const call = (connection: Connection, metadata: Metadata): Promise<Response> =>
      connection.grpc.unary(method, request, {
        metadata,
        timeoutMs: deadline.remainingMs,
        ...(deadline.signal === undefined ? {} : { signal: deadline.signal }),
      });
    return this.run(call, deadline, { kind, deed });
  }

  /** Runs a call on a connection, and again on this or another while that is right and there is time. */
  async run<Response>(
    call: (connection: Connection, metadata: Metadata) => Promise<Response>,
    deadline: Deadline,
    { kind, deed }: { readonly kind: CallKind; readonly deed: string },
  ): Promise<Response> {
    let tokenRenewed = false;
    let before: unknown;
    for (let attempt = 1; ; attempt++) {
      let connection: Connection | undefined;
      let heardBytes = 0;
      try {
        connection = this.#ready() ?? (await deadline.race(this.connection(), deed));
        const metadata =
          this.#options.credentials === undefined
            ? [REQUIRE_LEADER]
            : await deadline.race(this.metadata(connection), deed);
        heardBytes = connection.heardBytes;
        return await call(connection, metadata);
      } catch (error) {
        deadline.signal?.throwIfAborted();
        if (isTokenRefused(error) && this.#options.credentials !== undefined && !tokenRenewed) {
          tokenRenewed = true;
          this.forgetToken();
          continue;
        }
        if (connection !== undefined) this.#doubt(connection, error, heardBytes);
        if (kind === "write" && isOutcomeUnknown(error)) {
          const text = `Cannot tell whether it did ${deed}: ${messageOf(error)}`;
          throw new OutcomeUnknownError(text, { cause: error });
        }
        // What failed before says more than that there was no time for another attempt.
        const isLate =
          error instanceof GrpcError
            ? error.status === Status.deadlineExceeded
            : error instanceof Fault && error.code === "timeout";
        if (isLate) throw errorOf(before ?? error, deed);
        before = error;
        const again = kind === "read" ? isTransient(error) : hasNotHappened(error);
        if (!again || deadline.hasPassed || this.closing.aborted) throw errorOf(error, deed);
        const wait = backOff(this.#options.clock, this.#options.random, attempt, RETRY, this.closing);
        await deadline.race(wait, deed).catch((late: unknown) => {
          throw late === deadline.signal?.reason && deadline.signal?.aborted ? late : errorOf(error, deed);
        });
      }
    }
  }

  /** Begins a call of many messages; what becomes of it is its user's to handle. */
  async open<Request, Response>(
    method: Method<Request, Response>,
    signal: AbortSignal,
  ): Promise<{ readonly call: ClientCall<Request, Response>; readonly connection: Connection }> {
    const connection = await untilAborted(this.connection(), signal);
    const metadata = await untilAborted(this.metadata(connection), signal);
    return { call: connection.grpc.open(method, { metadata, signal }), connection };
  }

  /** The connection for new calls; Fault `unavailable` or `unauthorized` after every endpoint has been tried once. */
  async connection(): Promise<Connection> {
    this.closing.throwIfAborted();
    const ready = this.#ready();
    if (ready !== undefined) return ready;
    this.#dialing ??= this.#dialOne().finally(() => (this.#dialing = undefined));
    return this.#dialing;
  }

  /** No new calls for a connection on which something failed in a way that another member might not. */
  leave(connection: Connection): void {
    connection.retire();
  }

  /** What goes with every call. */
  async metadata(connection: Connection): Promise<Metadata> {
    if (this.#options.credentials === undefined) return [REQUIRE_LEADER];
    this.#token ??= this.#authenticate(connection, this.#options.credentials);
    try {
      const token = await this.#token;
      return token === undefined ? [REQUIRE_LEADER] : [REQUIRE_LEADER, ["token", token]];
    } catch (error) {
      this.#token = undefined;
      // Whatever the call was to do, it has not been sent.
      if (isTransient(error)) {
        this.leave(connection);
        throw errorOf(error, "authenticate");
      }
      throw error;
    }
  }

  /** The next call asks for a new one. */
  forgetToken(): void {
    this.#token = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.closing.aborted) this.#closing.abort(new Fault("unavailable", "The store's client is closed"));
    await this.#dialing?.catch(() => {});
    await Promise.all([...this.#connections].map((connection) => connection.destroy()));
  }

  #ready(): Connection | undefined {
    return this.#current?.retired === false ? this.#current : undefined;
  }

  /** Leaves a member that has no leader, is going away, or has said nothing at all until the deadline. */
  #doubt(connection: Connection, error: unknown, heardBytes: number): void {
    if (!(error instanceof GrpcError)) return;
    const silent = error.status === Status.deadlineExceeded && connection.heardBytes === heardBytes;
    if (silent || error.status === Status.unavailable) this.leave(connection);
  }

  async #dialOne(): Promise<Connection> {
    const { endpoints, tls, clock } = this.#options;
    for (const each of this.#connections) if (each.closed) this.#connections.delete(each);
    if (this.#connections.size >= CONNECTIONS_MAX) {
      throw new Fault("exhausted", `Cannot connect: ${CONNECTIONS_MAX} connections are full of calls`);
    }
    const failures: unknown[] = [];
    for (let tried = 0; tried < endpoints.length; tried++) {
      const endpoint = endpoints[this.#next % endpoints.length]!;
      // The one after it has its turn next, should this one fail now or later.
      this.#next = (this.#next + 1) % endpoints.length;
      try {
        const connection = await dial(endpoint, { tls, clock, signal: this.closing });
        this.#connections.add(connection);
        this.#current = connection;
        if (this.closing.aborted) await connection.destroy();
        return connection;
      } catch (error) {
        this.closing.throwIfAborted();
        failures.push(error);
      }
    }
    // Certificates do not become right by trying again; a member that is down may come back.
    const allDistrusted = failures.every((each) => each instanceof Fault && each.code === "unauthorized");
    const code = allDistrusted ? "unauthorized" : "unavailable";
    throw new Fault(code, failures.map(messageOf).join("; "), { cause: failures.at(-1) });
  }

  async #authenticate(connection: Connection, { user, password }: Credentials): Promise<string | undefined> {
    const request = AuthenticateRequest.of({ name: user, password });
    try {
      const { token } = await connection.grpc.unary(authService.authenticate, request, {
        timeoutMs: AUTHENTICATE_TIMEOUT_MS,
      });
      return token;
    } catch (error) {
      // As in etcd's client: credentials do no harm where none are asked for.
      if (error instanceof GrpcError && error.message === "etcdserver: authentication is not enabled") {
        return undefined;
      }
      throw error;
    }
  }
}
