import type { EdgeCounters, ServiceCounters } from "./traffic-window.ts";

/** What one proxy tells of itself. */
export interface ProxyCounters {
  /** When it began counting; another value means that counts began anew. */
  readonly startedAt: number | string;
  readonly edges: readonly EdgeCounters[];
  readonly services: readonly ServiceCounters[];
}

interface Source {
  startedAt: ProxyCounters["startedAt"];
  /** Counted by proxies before the present one. */
  edgesBefore: ReadonlyMap<string, EdgeCounters>;
  servicesBefore: ReadonlyMap<string, ServiceCounters>;
  edges: ReadonlyMap<string, EdgeCounters>;
  services: ReadonlyMap<string, ServiceCounters>;
}

/** Sums counters over hosts and over the proxies that one host has had, so that they never go back. */
export class SteadyCounters {
  readonly #sources: Map<string, Source> = new Map();

  /**
   * Takes the newest counters of a source. `fromNow`: what it had counted before the first time is left out, as it did
   * not happen in between.
   */
  take(name: string, { startedAt, edges, services }: ProxyCounters, fromNow = false): void {
    const byEdge = new Map(edges.map((edge) => [edgeKey(edge), edge]));
    const byService = new Map(services.map((service) => [serviceKey(service), service]));
    let source = this.#sources.get(name);
    if (source === undefined) {
      const none = { edgesBefore: new Map(), servicesBefore: new Map() };
      source = { startedAt, ...none, edges: byEdge, services: byService };
      if (fromNow) {
        source.edgesBefore = mapped(byEdge, (edge) => scaled(edge, -1));
        source.servicesBefore = mapped(byService, (service) => scaled(service, -1));
      }
      this.#sources.set(name, source);
    }
    if (source.startedAt !== startedAt) this.#carry(source);
    source.startedAt = startedAt;
    source.edges = byEdge;
    source.services = byService;
  }

  /** A source that tells nothing any more: what it counted stays, what it has open does not. */
  gone(name: string): void {
    const source = this.#sources.get(name);
    if (source === undefined) return;
    this.#carry(source);
    source.edges = new Map();
    source.services = new Map();
    source.startedAt = "";
  }

  get sources(): string[] {
    return [...this.#sources.keys()];
  }

  /** The sums over all sources. */
  sum(): { readonly edges: EdgeCounters[]; readonly services: ServiceCounters[] } {
    const edges = new Map<string, EdgeCounters>();
    const services = new Map<string, ServiceCounters>();
    for (const source of this.#sources.values()) {
      // Connections that were open at a proxy before are not open any more.
      for (const edge of source.edgesBefore.values()) addTo(edges, edgeKey(edge), { ...edge, tcpOpen: 0 });
      for (const edge of source.edges.values()) addTo(edges, edgeKey(edge), edge);
      for (const service of source.servicesBefore.values()) addTo(services, serviceKey(service), service);
      for (const service of source.services.values()) addTo(services, serviceKey(service), service);
    }
    return { edges: [...edges.values()], services: [...services.values()] };
  }

  #carry(source: Source): void {
    const edges = new Map(source.edgesBefore);
    for (const [key, edge] of source.edges) addTo(edges, key, edge);
    const services = new Map(source.servicesBefore);
    for (const [key, service] of source.services) addTo(services, key, service);
    source.edgesBefore = edges;
    source.servicesBefore = services;
  }
}

/** Of a pair and its route. */
export function edgeKey(edge: EdgeCounters): string {
  return `${edge.app}/${edge.caller}/${edge.calleeApp}/${edge.callee}/${edge.route}`;
}

const serviceKey = ({ app, service }: ServiceCounters): string => `${app}/${service}`;

function mapped<Value>(
  map: ReadonlyMap<string, Value>,
  change: (value: Value) => Value,
): ReadonlyMap<string, Value> {
  return new Map([...map].map(([key, value]) => [key, change(value)]));
}

function addTo<Value extends object>(sums: Map<string, Value>, key: string, value: Value): void {
  const sum = sums.get(key);
  sums.set(key, sum === undefined ? value : added(sum, value));
}

/** Numbers added, and lists of them place by place; whatever else there is names what is counted. */
function added<Value extends object>(one: Value, other: Value): Value {
  return combined(one, (value, key) => {
    const more = (other as Record<string, unknown>)[key];
    if (typeof value === "number") return value + (typeof more === "number" ? more : 0);
    return (value as number[]).map((count, index) => count + ((more as number[] | undefined)?.[index] ?? 0));
  });
}

function scaled<Value extends object>(one: Value, factor: number): Value {
  return combined(one, (value) =>
    typeof value === "number" ? value * factor : value.map((count) => count * factor),
  );
}

/** What counts, in place of what names: bounds of buckets are names. */
function combined<Value extends object>(
  one: Value,
  change: (value: number | readonly number[], key: string) => number | number[],
): Value {
  return Object.fromEntries(
    Object.entries(one).map(([key, value]) => {
      const counts = typeof value === "number" || (Array.isArray(value) && key !== "latencyBoundsMs");
      return [key, counts ? change(value as number | readonly number[], key) : value];
    }),
  ) as Value;
}
