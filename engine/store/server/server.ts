import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import { type Clock, systemClock } from "@plinth/clock";
import { createGrpcServer } from "@plinth/grpc";
import type { Mvcc } from "../mvcc.ts";
import { Alarms } from "./alarms.ts";
import { guarded } from "./auth/access-rules.ts";
import { Authority } from "./auth/authority.ts";
import { authImplementation } from "./auth-service.ts";
import { clusterImplementation } from "./cluster-service.ts";
import { electionImplementation } from "./election-service.ts";
import { receive } from "./front-door.ts";
import { gatewayRoute } from "./gateway/gateway.ts";
import { healthImplementation } from "./health-service.ts";
import { openHttpDoor } from "./http-door.ts";
import { answerHttp, probeRoute } from "./http-service.ts";
import { kvImplementation } from "./kv-service.ts";
import { leaseImplementation } from "./lease-service.ts";
import { lockImplementation } from "./lock-service.ts";
import { maintenanceImplementation } from "./maintenance-service.ts";
import { type MemberOptions, ServingMember } from "./member.ts";
import { Metrics } from "./metrics.ts";
import { reflectionImplementation } from "./reflection-service.ts";
import type { Serving } from "./serving.ts";
import { certificateName } from "./tls-door.ts";
import { watchImplementation } from "./watch-service.ts";

/** etcd's default for keys and values of one request. */
const REQUEST_BYTES_MAX = 1.5 * 2 ** 20;
/** What etcd grants beside them for everything else in a message. */
const MESSAGE_OVERHEAD_BYTES = 512 * 1024;
/** etcd's default. */
const PROGRESS_INTERVAL_MS = 10 * 60 * 1000;
/** Calls of one connection at a time. A client opens a stream for each lock it waits for, and many share one connection. */
const STREAMS_MAX = 4096;
/** Connections at a time: each may hold a window of requests, and a process has some thousand descriptors. */
const CONNECTIONS_MAX = 2000;
/** Time for calls under way when the server stops; all that waits is ended at once. */
const STOP_GRACE_MS = 2000;

export interface EtcdServerOptions extends MemberOptions {
  readonly store: Mvcc;
  readonly clock?: Clock;
  /** Default: 1.5 MiB. */
  readonly requestBytesMax?: number;
  /** Default: ten minutes. */
  readonly progressIntervalMs?: number;
  /** Told in `/metrics`. */
  readonly quotaBytes?: number;
  /** The name in a client's certificate says which user it is. Default: no. */
  readonly clientCertAuth?: boolean;
  /** Hears of bugs: what handlers throw that is no refusal. */
  readonly onError?: (path: string, error: unknown) => void;
}

/** Serves a store in etcd's words. The store stays its opener's to close, after the server. */
export interface EtcdServer extends AsyncDisposable {
  /**
   * Takes a connected socket, of TLS only once its handshake is done: gRPC over HTTP/2, its
   * gateway and the pages for operators over HTTP/1.1.
   * Beyond the limit of connections it is closed.
   */
  serve(socket: Socket): void;
  /** The same for the pages alone. */
  serveMetrics(socket: Socket): void;
  /**
   * For before the first connection: lets users count if they do not yet, with a root of this password if there is
   * none. A root that is there keeps its own, unless this one `replaces` it.
   */
  enableAuth(rootPassword: string, replaces: boolean): Promise<void>;
}

export function createEtcdServer(options: EtcdServerOptions): EtcdServer {
  const { store, clock = systemClock, requestBytesMax = REQUEST_BYTES_MAX } = options;
  const stopping = new AbortController();
  const serving: Serving = {
    store,
    clock,
    member: new ServingMember(options, store),
    alarms: new Alarms(store, options.memberId),
    authority: new Authority(store, clock),
    metrics: new Metrics(store, clock, options.quotaBytes),
    limits: { requestBytesMax, progressIntervalMs: options.progressIntervalMs ?? PROGRESS_INTERVAL_MS },
    stopping: stopping.signal,
  };
  const etcdServices = [
    kvImplementation,
    watchImplementation,
    leaseImplementation,
    maintenanceImplementation,
    clusterImplementation,
    authImplementation,
    lockImplementation,
    electionImplementation,
    healthImplementation,
  ].flatMap((implementation) => implementation(serving));
  const names = new Set(etcdServices.map(({ method }) => method.path.split("/")[1]!));
  const services = [...etcdServices, ...reflectionImplementation([...names].sort())].map((each) =>
    guarded(serving.authority, each),
  );
  const messageBytesMax = requestBytesMax + MESSAGE_OVERHEAD_BYTES;
  const onError = options.onError ?? ((): void => {});
  const grpc = createGrpcServer({
    services,
    clock,
    messageBytesMax,
    limits: { streamsMax: STREAMS_MAX },
    onEnd: (method, status) => serving.metrics.ended(method, status),
    onError,
  });
  const sockets = new Set<Socket>();
  const admit = (socket: Socket): boolean => {
    if (stopping.signal.aborted || sockets.size >= CONNECTIONS_MAX) {
      socket.destroy();
      return false;
    }
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    return true;
  };
  // Bytes are a third longer in base64.
  const gateway = gatewayRoute({
    serving,
    services,
    onError,
    bytesMax: Math.ceil((messageBytesMax * 4) / 3),
  });
  const probes = probeRoute(serving);
  const http = openHttpDoor(clock, (request, response) => answerHttp([probes, gateway], request, response));
  const pages = openHttpDoor(clock, (request, response) => answerHttp([probes], request, response));
  const peerName = (socket: Socket): string | undefined =>
    options.clientCertAuth === true && socket instanceof TLSSocket ? certificateName(socket) : undefined;
  return {
    serve(socket) {
      if (!admit(socket)) return;
      receive(socket, clock, {
        onHttp1: (each) => http.serve(each),
        onHttp2: (each) => void grpc.serve(each, peerName(each)),
      });
    },
    enableAuth: (rootPassword, replaces) => serving.authority.enableWithRoot(rootPassword, replaces),
    serveMetrics(socket) {
      if (admit(socket)) pages.serve(socket);
    },
    async [Symbol.asyncDispose]() {
      if (stopping.signal.aborted) return;
      stopping.abort();
      http.close();
      pages.close();
      const patience = new AbortController();
      await Promise.race([grpc.close(), clock.sleep(STOP_GRACE_MS, patience.signal).catch(() => {})]);
      patience.abort();
      for (const socket of sockets) socket.destroy();
    },
  };
}
