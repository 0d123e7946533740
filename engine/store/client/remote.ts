import { type Clock, type Random, systemClock, systemRandom } from "@plinth/clock";
import {
  CompactionRequest,
  kvService,
  LeaseGrantRequest,
  leaseService,
  maintenanceService,
  type LeaseKeepAliveResponse,
} from "@plinth/etcd";
import { Fault } from "@plinth/fault";
import type { Method } from "@plinth/grpc";
import { StoreError, type Transaction } from "../mvcc.ts";
import { checkedSnapshot } from "../sealed-snapshot.ts";
import type { Backend, BackendStatus, BackendWatchOptions, CallOptions, ReadOptions } from "./backend.ts";
import { type CallKind, Channel, type Credentials } from "./channel.ts";
import type { TlsOptions } from "./connection.ts";
import { Deadline } from "./deadline.ts";
import { parseEndpoint } from "./endpoint.ts";
import { deleteResult, putResult, rangeResult, revisionOf, txnResult } from "./from-wire.ts";
import { RemoteWatch } from "./remote-watch.ts";
import { deleteRequest, putRequest, rangeRequest, txnRequest } from "./to-wire.ts";
import { errorOf, isTokenRefused } from "./wire-errors.ts";

/** etcd gives up on a write after 7 s; a member that is dead without a word is left after 10 s. */
export const CALL_TIMEOUT_MS: number = 10_000;
const PROGRESS_INTERVAL_MS = 60_000;
/** A cluster has three or five members. */
const ENDPOINTS_MAX = 64;

export interface RemoteOptions {
  /** Of one cluster: "host", "host:port" or a URL of these; the port is 2379 unless it is given. */
  readonly endpoints: readonly string[];
  /** Default: none, in the clear, the password too. */
  readonly tls?: TlsOptions;
  /** Default: none. */
  readonly credentials?: Credentials;
  /** Default deadline of every call in milliseconds: 10 s. */
  readonly timeoutMs?: number;
  /**
   * An idle watch asks so often how far it is, so that its place does not fall behind what the cluster compacts, which
   * is often what is older than five minutes. Default: a minute.
   */
  readonly progressIntervalMs?: number;
  readonly clock?: Clock;
  /** Spreads clients over members, and their attempts over time. */
  readonly random?: Random;
}

/**
 * Any etcd, by gRPC. Connects when it is first asked something; goes from member to member as they fail.
 *
 *     await using store = remote({ endpoints: ["10.0.0.1:2379", "10.0.0.2:2379"] });
 *     await store.put({ key: "a", value: Buffer.from("1"), lease: 0n });
 */
export function remote(options: RemoteOptions): Backend {
  const { endpoints } = options;
  if (endpoints.length === 0 || endpoints.length > ENDPOINTS_MAX) {
    throw new Fault("invalid", `Cannot use ${endpoints.length} endpoints: from 1 to ${ENDPOINTS_MAX}`);
  }
  // An address that asks for TLS is never dialled in the clear.
  const secure = endpoints.filter((text) => text.startsWith("https://")).length;
  if (options.tls === undefined && secure === endpoints.length) return new Remote({ ...options, tls: {} });
  const plain = endpoints.filter((text) => text.startsWith("http://")).length;
  if (options.tls === undefined ? secure > 0 : plain > 0) {
    throw new Fault("invalid", "Cannot use endpoints: some are with TLS and some without");
  }
  return new Remote(options);
}

class Remote implements Backend {
  readonly #channel: Channel;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #timeoutMs: number;
  readonly #progressIntervalMs: number;

  constructor(options: RemoteOptions) {
    const { endpoints, tls, credentials, timeoutMs, progressIntervalMs, clock, random } = options;
    this.#clock = clock ?? systemClock;
    this.#random = random ?? systemRandom;
    this.#timeoutMs = timeoutMs ?? CALL_TIMEOUT_MS;
    this.#progressIntervalMs = progressIntervalMs ?? PROGRESS_INTERVAL_MS;
    this.#channel = new Channel({
      endpoints: endpoints.map(parseEndpoint),
      tls,
      credentials,
      clock: this.#clock,
      random: this.#random,
    });
  }

  async range(
    query: Parameters<Backend["range"]>[0],
    options: ReadOptions = {},
  ): ReturnType<Backend["range"]> {
    const request = rangeRequest(query, options.serializable);
    const response = await this.#call("read", "read", kvService.range, request, options);
    return { ...rangeResult(response), revision: revisionOf(response) };
  }

  async put(put: Parameters<Backend["put"]>[0], options?: CallOptions): ReturnType<Backend["put"]> {
    const response = await this.#call("write", "put", kvService.put, putRequest(put), options);
    return { ...putResult(response), revision: revisionOf(response) };
  }

  async delete(
    range: Parameters<Backend["delete"]>[0],
    options?: CallOptions,
  ): ReturnType<Backend["delete"]> {
    const request = deleteRequest(range);
    const response = await this.#call("write", "delete", kvService.deleteRange, request, options);
    return { ...deleteResult(response), revision: revisionOf(response) };
  }

  async transact(
    transaction: Parameters<Backend["transact"]>[0],
    options?: CallOptions,
  ): ReturnType<Backend["transact"]> {
    const kind = writes(transaction) ? "write" : "read";
    const request = txnRequest(transaction);
    return txnResult(await this.#call(kind, "run transaction", kvService.txn, request, options));
  }

  async watch(
    range: Parameters<Backend["watch"]>[0],
    options: BackendWatchOptions,
  ): ReturnType<Backend["watch"]> {
    let fromRevision = options.fromRevision ?? 0;
    if (fromRevision === 0) {
      // A member may lag: what "now" is, only the cluster knows.
      const now = await this.range({ ...range, countOnly: true }, { signal: options.signal });
      fromRevision = now.revision + 1;
    }
    options.signal.throwIfAborted();
    return new RemoteWatch(this.#channel, range, fromRevision, options, {
      clock: this.#clock,
      random: this.#random,
      progressIntervalMs: this.#progressIntervalMs,
    });
  }

  async compact(revision: number, physical: boolean, options?: CallOptions): Promise<void> {
    const request = CompactionRequest.of({ revision, physical });
    await this.#call("write", "compact", kvService.compact, request, options);
  }

  async grantLease(id: bigint, ttl: number, options?: CallOptions): ReturnType<Backend["grantLease"]> {
    const request = LeaseGrantRequest.of({ id, ttl });
    // One that nobody has heard the id of ends by itself.
    const kind = id === 0n ? "read" : "write";
    const granted = await this.#call(kind, "grant a lease", leaseService.grant, request, options);
    return { id: granted.id, grantedTtl: granted.ttl, ttl: granted.ttl, keys: [] };
  }

  async revokeLease(id: bigint, options?: CallOptions): Promise<void> {
    await this.#call("write", `revoke lease ${id.toString(16)}`, leaseService.revoke, { id }, options);
  }

  async keepLeaseAlive(id: bigint, options?: CallOptions): Promise<number> {
    const deadline = this.#deadline(options);
    const deed = `keep lease ${id.toString(16)} alive`;
    // A stream in etcd's API; here one request and its answer, which may be asked for again.
    const { ttl } = await this.#channel.run<LeaseKeepAliveResponse>(
      async (connection, metadata) => {
        const call = connection.grpc.open(leaseService.keepAlive, {
          metadata,
          timeoutMs: deadline.remainingMs,
          ...(deadline.signal === undefined ? {} : { signal: deadline.signal }),
        });
        await call.send({ id }).then(
          () => call.end(),
          () => {},
        );
        return call.response();
      },
      deadline,
      { kind: "read", deed },
    );
    if (ttl <= 0) throw new StoreError("lease-not-found", `Cannot ${deed}: it is over`);
    return ttl;
  }

  async lease(id: bigint, withKeys: boolean, options?: CallOptions): ReturnType<Backend["lease"]> {
    const request = { id, keys: withKeys };
    const deed = `look at lease ${id.toString(16)}`;
    const { ttl, grantedTtl, keys } = await this.#call(
      "read",
      deed,
      leaseService.timeToLive,
      request,
      options,
    );
    return { id, ttl, grantedTtl, keys };
  }

  async leases(options?: CallOptions): Promise<readonly bigint[]> {
    const { leases } = await this.#call("read", "list leases", leaseService.leases, {}, options);
    return leases.map(({ id }) => id);
  }

  async status(options?: CallOptions): Promise<BackendStatus> {
    const response = await this.#call("read", "ask for the status", maintenanceService.status, {}, options);
    const { version, dbSize, dbSizeInUse } = response;
    return { revision: revisionOf(response), version, allocatedBytes: dbSize, inUseBytes: dbSizeInUse };
  }

  async *snapshot({ signal }: Pick<CallOptions, "signal"> = {}): AsyncGenerator<Uint8Array> {
    const either =
      signal === undefined ? this.#channel.closing : AbortSignal.any([signal, this.#channel.closing]);
    for (let attempt = 1; ; attempt++) {
      try {
        return yield* checkedSnapshot(this.#snapshotOnce(either));
      } catch (error) {
        either.throwIfAborted();
        // Refused before anything was sent.
        if (attempt > 1 || !isTokenRefused(error)) throw errorOf(error, "take a snapshot");
        this.#channel.forgetToken();
      }
    }
  }

  async *#snapshotOnce(signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const { call } = await this.#channel.open(maintenanceService.snapshot, signal);
    try {
      // What fails in sending has failed as a call: the responses say it better.
      await call.send({}).then(
        () => call.end(),
        () => {},
      );
      for await (const { blob } of call.responses) yield blob;
    } finally {
      call.cancel();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#channel[Symbol.asyncDispose]();
  }

  #deadline(options: CallOptions = {}): Deadline {
    return new Deadline(this.#clock, options.timeoutMs ?? this.#timeoutMs, options.signal);
  }

  async #call<Request, Response>(
    kind: CallKind,
    deed: string,
    method: Method<Request, Response>,
    request: Request,
    options: CallOptions | undefined,
  ): Promise<Response> {
    return this.#channel.call(method, request, this.#deadline(options), { kind, deed });
  }
}

function writes({ success, failure }: Transaction): boolean {
  return [...success, ...failure].some(
    (operation) =>
      operation.kind === "put" ||
      operation.kind === "delete" ||
      (operation.kind === "transaction" && writes(operation.transaction)),
  );
}
