import type { Clock } from "@plinth/clock";
import type { ProxyControl } from "@plinth/connect";
import type { Registry } from "@plinth/registry";
import { APP_LABEL, type EdgeStat, type ServiceStat, type StatReport } from "@plinth/resource";
import { TrafficWindow, WINDOW_SECONDS } from "@plinth/stat";

const SAMPLE_MS = 1000;

/** Samples the proxy's counters each second and reports what they say about an app, or all of them. */
export class Telemetry {
  readonly #control: ProxyControl;
  readonly #clock: Clock;
  readonly #window: TrafficWindow = new TrafficWindow();

  constructor(control: ProxyControl, clock: Clock) {
    this.#control = control;
    this.#clock = clock;
  }

  /** Samples until the signal. A proxy that does not answer costs a sample, nothing else. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        const { startedAt, edges } = await this.#control.stats({ signal });
        const named = edges.map((edge) => ({ ...edge, callee: edge.service }));
        this.#window.add({ atMs: this.#clock.monotonic(), startedAt, edges: named });
      } catch {
        // The next sample tells.
      }
      await this.#clock.sleep(SAMPLE_MS, signal).catch(() => undefined);
    }
  }

  report(registry: Registry, app: string | undefined): StatReport {
    const labels = app === undefined ? undefined : { [APP_LABEL]: app };
    const newest = this.#window.newest.filter((edge) => app === undefined || edge.app === app);
    const services = registry.list("Service", labels).map(({ spec, status }): ServiceStat => {
      const isInto = (edge: { app: string; callee: string }): boolean =>
        edge.app === spec.app && edge.callee === spec.service;
      return {
        app: spec.app,
        service: spec.service,
        meshed: `${status?.ready ?? 0}/${status?.replicas ?? 0}`,
        ...this.#window.traffic(isInto),
        tcpConnections: newest.filter(isInto).reduce((sum, { tcpOpen }) => sum + tcpOpen, 0),
      };
    });
    const byEdge = Map.groupBy(newest, (edge) => `${edge.app}/${edge.caller}/${edge.callee}`);
    const edges = [...byEdge.values()].map((routes): EdgeStat => {
      const { app: owner, caller, callee } = routes[0]!;
      const totals = routes.map((edge) => this.#window.totals(edge));
      return {
        app: owner,
        caller,
        callee,
        ...this.#window.traffic(
          (edge) => edge.app === owner && edge.caller === caller && edge.callee === callee,
        ),
        requestsTotal: totals.reduce((sum, { requests }) => sum + requests, 0),
        failuresTotal: totals.reduce((sum, { failures }) => sum + failures, 0),
      };
    });
    return { windowSeconds: WINDOW_SECONDS, services, edges };
  }
}
