/** What the mesh measured, polled: the newest figures, the last minutes of each edge, and failures since the page opened. */
import type { EdgeStat, PsRow, ServiceStat, StatReport } from "@plinth/resource";

/** What the page reads of a row of `/ps`. */
export type InstanceUsage = Pick<PsRow, "app" | "service" | "instance" | "cpuSeconds" | "memoryBytes">;
import { Observable } from "./observable.ts";

/** Two minutes at one a second. */
const SAMPLES_MAX = 120;

export interface Sample {
  readonly rps: number | null;
  readonly successRate: number | null;
  readonly p95Ms: number | null;
}

export interface Usage {
  readonly memoryBytes: number | null;
  /** CPUs' worth of time since the last poll; null until there were two. */
  readonly cpus: number | null;
}

/** Requests and failures of one edge since the page opened. */
export interface Counted {
  readonly requests: number;
  readonly failures: number;
}

export interface Traffic {
  readonly services: ReadonlyMap<string, ServiceStat>;
  readonly edges: ReadonlyMap<string, EdgeStat>;
  /** By `edgeKey`; of a service from all its callers by its name. */
  readonly history: ReadonlyMap<string, readonly Sample[]>;
  readonly counted: ReadonlyMap<string, Counted>;
  readonly usage: ReadonlyMap<string, Usage>;
  /** False while the figures shown are old. */
  readonly fresh: boolean;
}

export const edgeKey = (caller: string, callee: string): string => `${caller}→${callee}`;

export const noTraffic: Traffic = {
  services: new Map(),
  edges: new Map(),
  history: new Map(),
  counted: new Map(),
  usage: new Map(),
  fresh: false,
};

/** Counters start again with the proxy: what it counts after a restart is all new. */
const grown = (before: number, now: number): number => (now >= before ? now - before : now);

export class TrafficModel {
  readonly state: Observable<Traffic> = new Observable(noTraffic);
  #first = true;
  #totals = new Map<string, Counted>();
  #cpu = new Map<string, { atMs: number; seconds: number }>();

  stat(report: StatReport): void {
    const before = this.state.get();
    const history = new Map<string, readonly Sample[]>();
    const counted = new Map(before.counted);
    const edges = new Map<string, EdgeStat>();
    const remember = (key: string, { rps, successRate, latencyP95Ms }: EdgeStat | ServiceStat): void => {
      const sample = { rps, successRate, p95Ms: latencyP95Ms };
      history.set(key, [...(before.history.get(key) ?? []), sample].slice(-SAMPLES_MAX));
    };
    for (const service of report.services) remember(service.service, service);
    for (const edge of report.edges) {
      const key = edgeKey(edge.caller, edge.callee);
      edges.set(key, edge);
      remember(key, edge);

      const totals = { requests: edge.requestsTotal, failures: edge.failuresTotal };
      // An edge that appears later began counting while the page was open.
      const last = this.#totals.get(key) ?? (this.#first ? totals : { requests: 0, failures: 0 });
      const sum = counted.get(key) ?? { requests: 0, failures: 0 };
      counted.set(key, {
        requests: sum.requests + grown(last.requests, totals.requests),
        failures: sum.failures + grown(last.failures, totals.failures),
      });
      this.#totals.set(key, totals);
    }
    this.#first = false;
    const services = new Map(report.services.map((service) => [service.service, service]));
    this.state.set({ ...before, services, edges, history, counted, fresh: true });
  }

  instances(rows: readonly InstanceUsage[], atMs: number): void {
    const before = this.state.get();
    const usage = new Map<string, Usage>();
    const cpu = new Map<string, { atMs: number; seconds: number }>();
    for (const { instance, memoryBytes, cpuSeconds } of rows) {
      const last = this.#cpu.get(instance);
      let cpus: number | null = null;
      if (cpuSeconds !== null) {
        cpu.set(instance, { atMs, seconds: cpuSeconds });
        // A restarted instance begins at zero again.
        if (last && atMs > last.atMs && cpuSeconds >= last.seconds) {
          cpus = (cpuSeconds - last.seconds) / ((atMs - last.atMs) / 1000);
        }
      }
      usage.set(instance, { memoryBytes, cpus });
    }
    this.#cpu = cpu;
    this.state.set({ ...before, usage });
  }

  stale(): void {
    const before = this.state.get();
    if (before.fresh) this.state.set({ ...before, fresh: false });
  }
}
