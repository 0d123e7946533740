import { type Edge, LATENCY_BOUNDS_MS } from "../edge.ts";
import type { World } from "../world.ts";

/** What has been counted of one (caller, callee, route). */
export interface EdgeStats {
  readonly app: string;
  readonly caller: string;
  /** Key of the service called. */
  readonly callee: string;
  readonly calleeApp: string;
  /** Name of the service called, without its app. */
  readonly service: string;
  readonly route: string;
  readonly requests: number;
  /** Requests of these that came by HTTP/2, and those of them that were gRPC. */
  readonly http2Requests: number;
  readonly grpcRequests: number;
  readonly success: number;
  readonly failure: number;
  /** Times a request was sent again. */
  readonly retries: number;
  readonly latencyBoundsMs: readonly number[];
  /** One per bound, and one for all above. */
  readonly latencyCounts: readonly number[];
  /** Connections open now, of whatever protocol. */
  readonly tcpOpen: number;
  /** Connections whose bytes pass through unread, and those bytes, from the caller and to it. */
  readonly opaqueOpened: number;
  readonly opaqueReadBytes: number;
  readonly opaqueWriteBytes: number;
  /** Times a request or connection went to an instance on another host, and so by mutual TLS. */
  readonly overLinks: number;
}

/** What has been exchanged with all instances of one service. */
export interface ServiceStats {
  readonly app: string;
  readonly service: string;
  /** Bytes that instances have sent, and that were sent to them. */
  readonly readBytes: number;
  readonly writeBytes: number;
}

/** One endpoint as the balancer sees it. */
export interface EndpointState {
  readonly app: string;
  readonly service: string;
  readonly instance: string;
  readonly address: string;
  readonly port: number;
  /** `ejected`: left out after failures. `leaving`: no longer in the snapshot, with requests under way. */
  readonly state: "ready" | "ejected" | "leaving";
  readonly inFlight: number;
  /** Expected time to answer one request more. */
  readonly loadMs: number;
}

function edgeStats(edge: Edge): EdgeStats {
  const latencyCounts = Array.from<number>({ length: LATENCY_BOUNDS_MS.length + 1 }).fill(0);
  let success = 0;
  let failure = 0;
  for (const answers of edge.answers()) {
    if (answers.success) success += answers.total.value;
    else failure += answers.total.value;
    for (const [index, count] of answers.latency.counts.entries()) latencyCounts[index]! += count;
  }
  return {
    app: edge.app,
    caller: edge.caller,
    callee: edge.callee,
    calleeApp: edge.calleeApp,
    service: edge.service,
    route: edge.route,
    requests: edge.requests.value,
    http2Requests: edge.http2Requests,
    grpcRequests: edge.grpcRequests,
    success,
    failure,
    retries: edge.retries.requests,
    latencyBoundsMs: LATENCY_BOUNDS_MS,
    latencyCounts,
    tcpOpen: edge.tcpOpen,
    opaqueOpened: edge.opaque.openTotal,
    opaqueReadBytes: edge.opaque.readBytes,
    opaqueWriteBytes: edge.opaque.writeBytes,
    overLinks: edge.overLinks,
  };
}

export function edgesOf(world: World): EdgeStats[] {
  return world.edges.map(edgeStats);
}

export function servicesOf(world: World): ServiceStats[] {
  return [...world.callees.values()].map(({ app, service, tcp }) => ({
    app,
    service,
    readBytes: tcp.readBytes,
    writeBytes: tcp.writeBytes,
  }));
}

export function endpointsOf(world: World, nowMs: number): EndpointState[] {
  const { callees, leaving } = world;
  const listed = [...callees.values()].flatMap(({ app, service, endpoints }) =>
    endpoints.map((endpoint) => ({ app, service, endpoint, isLeaving: false })),
  );
  for (const endpoint of leaving) {
    // An instance is named APP.SERVICE.ID.
    const [app = "", service = ""] = endpoint.instance.split(".");
    listed.push({ app, service, endpoint, isLeaving: true });
  }
  return listed.map(({ app, service, endpoint, isLeaving }) => ({
    app,
    service,
    instance: endpoint.instance,
    address: endpoint.address,
    port: endpoint.port,
    state: isLeaving ? "leaving" : endpoint.ejection.active ? "ejected" : "ready",
    inFlight: endpoint.inFlight,
    loadMs: endpoint.load(nowMs),
  }));
}
