import type { Socket } from "node:net";
import { type Clock, systemClock } from "@plinth/clock";
import { createGrpcServer } from "@plinth/grpc";
import type { Mvcc } from "../mvcc.ts";
import { Alarms } from "./alarms.ts";
import { authImplementation } from "./auth-service.ts";
import { clusterImplementation } from "./cluster-service.ts";
import { electionImplementation } from "./election-service.ts";
import { healthImplementation } from "./health-service.ts";
import { kvImplementation } from "./kv-service.ts";
import { leaseImplementation } from "./lease-service.ts";
import { lockImplementation } from "./lock-service.ts";
import { maintenanceImplementation } from "./maintenance-service.ts";
import { type MemberOptions, ServingMember } from "./member.ts";
import type { Serving } from "./serving.ts";
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
  /** Hears of bugs: what handlers throw that is no refusal. */
  readonly onError?: (path: string, error: unknown) => void;
}

/** Serves a store in etcd's words. The store stays its opener's to close, after the server. */
export interface EtcdServer extends AsyncDisposable {
  /** Takes a connected socket; beyond the limit of connections it is closed. */
  serve(socket: Socket): void;
}

export function createEtcdServer(options: EtcdServerOptions): EtcdServer {
  const { store, clock = systemClock, requestBytesMax = REQUEST_BYTES_MAX } = options;
  const stopping = new AbortController();
  const serving: Serving = {
    store,
    clock,
    member: new ServingMember(options, store),
    alarms: new Alarms(store, options.memberId),
    limits: { requestBytesMax, progressIntervalMs: options.progressIntervalMs ?? PROGRESS_INTERVAL_MS },
    stopping: stopping.signal,
  };
  const grpc = createGrpcServer({
    services: [
      kvImplementation,
      watchImplementation,
      leaseImplementation,
      maintenanceImplementation,
      clusterImplementation,
      authImplementation,
      lockImplementation,
      electionImplementation,
      healthImplementation,
    ].flatMap((implementation) => implementation(serving)),
    clock,
    messageBytesMax: requestBytesMax + MESSAGE_OVERHEAD_BYTES,
    limits: { streamsMax: STREAMS_MAX },
    ...(options.onError === undefined ? {} : { onError: options.onError }),
  });
  const sockets = new Set<Socket>();
  return {
    serve(socket) {
      if (stopping.signal.aborted || sockets.size >= CONNECTIONS_MAX) return void socket.destroy();
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
      grpc.serve(socket);
    },
    async [Symbol.asyncDispose]() {
      if (stopping.signal.aborted) return;
      stopping.abort();
      const patience = new AbortController();
      await Promise.race([grpc.close(), clock.sleep(STOP_GRACE_MS, patience.signal).catch(() => {})]);
      patience.abort();
      for (const socket of sockets) socket.destroy();
    },
  };
}
