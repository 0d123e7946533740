import type { Clock } from "@plinth/clock";
import { INGRESS_CALLER, type ProxyControl } from "@plinth/connect";
import { spiffeIdOf } from "@plinth/identity";
import type { Registry } from "@plinth/registry";
import {
  APP_LABEL,
  type EdgeProtocol,
  type EdgeStat,
  type RouteStat,
  type ServiceStat,
  type StatReport,
} from "@plinth/resource";
import {
  type EdgeCounters,
  type ProxyCounters,
  SteadyCounters,
  TrafficWindow,
  WINDOW_SECONDS,
} from "@plinth/stat";

const SAMPLE_MS = 1000;
/** No host has this name. */
const OWN = "";

/** Samples the proxy's counters each second and reports what they say about an app, or all of them. */
export class Telemetry {
  readonly #control: ProxyControl;
  readonly #clock: Clock;
  readonly #trustDomain: () => string;
  readonly #isThere: (host: string) => boolean;
  readonly #window: TrafficWindow = new TrafficWindow();
  readonly #counters: SteadyCounters = new SteadyCounters();
  #own: ProxyCounters | undefined;

  /** `isThere`: whether another host tells what its proxy counts. */
  constructor(
    control: ProxyControl,
    clock: Clock,
    trustDomain: () => string,
    isThere: (host: string) => boolean,
  ) {
    this.#isThere = isThere;
    this.#trustDomain = trustDomain;
    this.#control = control;
    this.#clock = clock;
  }

  /** Samples until the signal. A proxy that does not answer costs a sample, nothing else. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        const { startedAt, edges, services } = await this.#control.stats({ signal });
        const named = edges.map((edge) => ({ ...edge, callee: edge.service }));
        this.#own = { startedAt, edges: named, services };
        this.#counters.take(OWN, this.#own);
        for (const source of this.#counters.sources)
          if (source !== OWN && !this.#isThere(source)) this.#counters.gone(source);
        this.#window.add({ atMs: this.#clock.monotonic(), ...this.#counters.sum() });
      } catch {
        // The next sample tells.
      }
      await this.#clock.sleep(SAMPLE_MS, signal).catch(() => undefined);
    }
  }

  /** What this host's proxy counted, as it said last. */
  get own(): ProxyCounters | undefined {
    return this.#own;
  }

  /** What the proxy of another host counted. */
  take(host: string, counters: ProxyCounters): void {
    this.#counters.take(host, counters, true);
  }

  report(registry: Registry, app: string | undefined): StatReport {
    const labels = app === undefined ? undefined : { [APP_LABEL]: app };
    const window = this.#window;
    const newest = window.newest.filter((edge) => app === undefined || edge.app === app);
    const services = registry.list("Service", labels).map(({ spec, status }): ServiceStat => {
      const isInto = (edge: EdgeCounters): boolean =>
        edge.calleeApp === spec.app && edge.callee === spec.service;
      return {
        app: spec.app,
        service: spec.service,
        meshed: `${status?.ready ?? 0}/${status?.replicas ?? 0}`,
        ...window.traffic(isInto),
        ...window.byteRates(spec.app, spec.service),
        tcpConnections: newest.filter(isInto).reduce((sum, { tcpOpen }) => sum + tcpOpen, 0),
      };
    });
    const byEdge = Map.groupBy(
      newest,
      (edge) => `${edge.app}/${edge.caller}/${edge.calleeApp}/${edge.callee}`,
    );
    return {
      windowSeconds: WINDOW_SECONDS,
      services,
      edges: [...byEdge.values()].map((routes) => this.#edge(routes)),
      routes: newest.map((edge) => this.#route(edge)),
    };
  }

  /** A pair, whatever its routes. */
  #edge(routes: readonly EdgeCounters[]): EdgeStat {
    const { app, caller, calleeApp, callee } = routes[0]!;
    const isIt = (edge: EdgeCounters): boolean => routes.some((route) => isSame(route, edge));
    const sum = (count: (edge: EdgeCounters) => number): number =>
      routes.reduce((total, edge) => total + count(edge), 0);
    const window = this.#window;
    return {
      app,
      caller,
      calleeApp,
      callee,
      ...window.traffic(isIt),
      protocols: protocolsOf(sum),
      secured: securityOf(sum),
      clientId: caller === INGRESS_CALLER ? null : this.#identity(app, caller),
      serverId: this.#identity(calleeApp, callee),
      tcpConnections: sum(({ tcpOpen }) => tcpOpen),
      readBytesPerSecond: window.rate(isIt, "opaqueReadBytes"),
      writeBytesPerSecond: window.rate(isIt, "opaqueWriteBytes"),
      requestsTotal: sum(({ success, failure }) => success + failure),
      failuresTotal: sum(({ failure }) => failure),
      opaqueTotal: sum(({ opaqueOpened }) => opaqueOpened),
    };
  }

  #identity(app: string, service: string): string {
    return spiffeIdOf(this.#trustDomain(), { kind: "service", app, service });
  }

  #route(edge: EdgeCounters): RouteStat {
    const isIt = (other: EdgeCounters): boolean => isSame(edge, other);
    const traffic = this.#window.traffic(isIt);
    const { successRate, rps } = traffic;
    const actualRps = rps + this.#window.rate(isIt, "retries");
    return {
      app: edge.app,
      caller: edge.caller,
      calleeApp: edge.calleeApp,
      callee: edge.callee,
      route: edge.route,
      ...traffic,
      actualSuccessRate: successRate === null ? null : (successRate * rps) / actualRps,
      actualRps,
    };
  }
}

function isSame(one: EdgeCounters, other: EdgeCounters): boolean {
  return (
    one.app === other.app &&
    one.caller === other.caller &&
    one.calleeApp === other.calleeApp &&
    one.callee === other.callee &&
    one.route === other.route
  );
}

type Sum = (count: (edge: EdgeCounters) => number) => number;

function protocolsOf(sum: Sum): EdgeProtocol[] {
  const http2 = sum(({ http2Requests }) => http2Requests);
  const grpc = sum(({ grpcRequests }) => grpcRequests);
  const counts: readonly (readonly [EdgeProtocol, number])[] = [
    ["HTTP/1.1", sum(({ requests }) => requests) - http2],
    ["HTTP/2", http2 - grpc],
    ["gRPC", grpc],
    ["TCP", sum(({ opaqueOpened }) => opaqueOpened)],
  ];
  return counts.filter(([, count]) => count > 0).map(([protocol]) => protocol);
}

function securityOf(sum: Sum): EdgeStat["secured"] {
  const linked = sum(({ overLinks }) => overLinks ?? 0);
  if (linked === 0) return "same-host";
  return linked >= sum(({ requests, opaqueOpened }) => requests + opaqueOpened) ? "mtls" : "mixed";
}
