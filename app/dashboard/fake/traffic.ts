/** Figures as the mesh would measure them, made up anew each second. */
import { type Random, seededRandom } from "@plinth/clock";
import type { EdgeStat, StatReport, StatusReport, TapEvent } from "@plinth/resource";
import type { InstanceUsage } from "../src/model/traffic.ts";
import type { FakeShop } from "./shop.ts";
import type { Instance } from "@plinth/resource";

interface Rate {
  readonly rps: number;
  readonly p50Ms: number;
  /** Of how many requests one fails. */
  readonly oneFailsIn: number;
}

const rates: Readonly<Record<string, Rate>> = {
  "ingress→storefront": { rps: 3.2, p50Ms: 3.1, oneFailsIn: Infinity },
  "loadgen→storefront": { rps: 20, p50Ms: 3.4, oneFailsIn: Infinity },
  "storefront→catalog": { rps: 13.9, p50Ms: 0.9, oneFailsIn: Infinity },
  "storefront→cart": { rps: 2.3, p50Ms: 1.9, oneFailsIn: Infinity },
  "storefront→checkout": { rps: 1.8, p50Ms: 34, oneFailsIn: Infinity },
  "storefront→assets": { rps: 2.6, p50Ms: 1.2, oneFailsIn: Infinity },
  "storefront→recommend": { rps: 5.6, p50Ms: 1.4, oneFailsIn: Infinity },
  "recommend→catalog": { rps: 5.6, p50Ms: 0.8, oneFailsIn: Infinity },
  "cart→carts": { rps: 3.1, p50Ms: 1.1, oneFailsIn: Infinity },
  "cart→catalog": { rps: 4.1, p50Ms: 0.8, oneFailsIn: Infinity },
  "checkout→cart": { rps: 1.8, p50Ms: 1.8, oneFailsIn: Infinity },
  "checkout→payment": { rps: 1.8, p50Ms: 31, oneFailsIn: 18 },
};

export class FakeTraffic {
  readonly #shop: FakeShop;
  readonly #random: Random = seededRandom(7);
  readonly #totals = new Map<string, { requests: number; failures: number }>();
  #tapped = 0;
  /** Failures to add, by edge, at the next poll. */
  readonly extraFailures: Map<string, number> = new Map();

  constructor(shop: FakeShop) {
    this.#shop = shop;
  }

  stat(): StatReport {
    const { app } = this.#shop;
    if (app === undefined) return { windowSeconds: 10, services: [], edges: [], routes: [] };
    const edges = Object.entries(rates).map(([key, rate]) => this.#edge(key, rate));
    const services = Object.keys(app.spec.services).map((service) => {
      const inbound = edges.filter(({ callee }) => callee === service);
      const instances = this.#instances().filter((instance) => instance.spec.service === service).length;
      const [first] = inbound;
      return {
        app: "shop",
        service,
        meshed: `${instances}/${instances}`,
        successRate: first?.successRate ?? null,
        rps: inbound.reduce((sum, { rps }) => sum + rps, 0),
        latencyP50Ms: first?.latencyP50Ms ?? null,
        latencyP95Ms: first?.latencyP95Ms ?? null,
        latencyP99Ms: first?.latencyP99Ms ?? null,
        tcpConnections: inbound.length * 2,
        readBytesPerSecond: 0,
        writeBytesPerSecond: 0,
      };
    });
    return { windowSeconds: 10, services, edges, routes: [] };
  }

  /** One request with its answer, as a tap tells them. */
  tap(from: string | undefined, to: string): TapEvent[] {
    const id = `4011:${++this.#tapped}`;
    const paths = ["/products", "/products/mug", "/price", "/orders/" + "long-".repeat(20)];
    const caller =
      from ??
      Object.keys(rates)
        .find((key) => key.endsWith(`→${to}`))
        ?.split("→")[0] ??
      "ingress";
    const failed = this.#random() < 0.1;
    return [
      {
        type: "request",
        id,
        at: new Date().toISOString(),
        callerApp: "shop",
        caller,
        app: "shop",
        callee: to,
        client: "127.0.0.1:40000",
        protocol: "HTTP/1.1",
        route: "default",
        method: "GET",
        authority: to,
        path: paths[this.#tapped % paths.length]!,
      },
      {
        type: "response",
        id,
        status: failed ? 503 : 200,
        latencyUs: 900,
        instance: `shop.${to}.a`,
        address: "127.0.0.1:20001",
      },
      {
        type: "end",
        id,
        durationUs: Math.round(1000 + this.#random() * 40_000),
        responseBytes: 512,
        grpcStatus: null,
        retries: 0,
        error: null,
      },
    ];
  }

  instances(): readonly InstanceUsage[] {
    return this.#instances().map(({ metadata, spec }, index) => ({
      app: spec.app,
      service: spec.service,
      instance: metadata.name,
      cpuSeconds: (performance.now() / 1000) * 0.01 * (index + 1),
      memoryBytes: (58 + index * 3) * 2 ** 20,
    }));
  }

  status(): StatusReport {
    return {
      version: "0.1.0",
      home: "/home/ada/.plinth",
      watcher: { kind: "supervisor", unit: null },
      processes: [
        {
          name: "supervisor",
          pid: 4001,
          runtime: "node 26.10.0",
          memoryBytes: 48 * 2 ** 20,
          cpuSeconds: 0.4,
        },
        { name: "daemon", pid: 4010, runtime: "node 26.10.0", memoryBytes: 96 * 2 ** 20, cpuSeconds: 41.2 },
        { name: "proxy", pid: 4011, runtime: "bun 1.4.5", memoryBytes: 71 * 2 ** 20, cpuSeconds: 128.9 },
      ],
      listening: [
        { name: "ingress", address: "127.0.0.1", port: 8080 },
        { name: "api", address: "127.0.0.1", port: 7080 },
        { name: "metrics", address: "127.0.0.1", port: 7081 },
      ],
      host: this.#shop.store.list("Host").length === 0 ? null : { name: "alpha", of: null, others: [] },
      mesh: { mode: "cooperative", reason: "it was asked for" },
      telemetry: { otlp: null, traceRatio: null, accessLog: null },
      store: { revision: this.#shop.store.revision, readOnly: null, etcd: null },
      notices: [
        "Memory and CPU limits cannot be enforced here: no writable cgroup. Services that ask for them are refused.",
      ],
    };
  }

  #instances(): readonly Instance[] {
    return this.#shop.store.list("Instance") as readonly Instance[];
  }

  #edge(key: string, { rps, p50Ms, oneFailsIn }: Rate): EdgeStat {
    const [caller = "", callee = ""] = key.split("→");
    const wobble = 0.9 + this.#random() * 0.2;
    const totals = this.#totals.get(key) ?? { requests: Math.round(rps * 3600), failures: 0 };
    const failed = (this.#random() < rps / oneFailsIn ? 1 : 0) + (this.extraFailures.get(key) ?? 0);
    this.extraFailures.delete(key);
    totals.requests += Math.round(rps * wobble);
    totals.failures += failed;
    this.#totals.set(key, totals);
    const successRate = 1 - Math.min(failed / (rps * 10), 1);
    return {
      app: "shop",
      caller,
      calleeApp: "shop",
      callee,
      protocols: callee === "payment" ? ["gRPC"] : ["HTTP/1.1"],
      secured: callee === "payment" ? "mtls" : "same-host",
      clientId: caller === "ingress" ? null : `spiffe://plinth-fake/app/shop/service/${caller}`,
      serverId: `spiffe://plinth-fake/app/shop/service/${callee}`,
      tcpConnections: 2,
      readBytesPerSecond: 0,
      writeBytesPerSecond: 0,
      opaqueTotal: 0,
      successRate,
      rps: rps * wobble,
      latencyP50Ms: p50Ms * wobble,
      latencyP95Ms: p50Ms * 2.6 * wobble,
      latencyP99Ms: p50Ms * 5.3 * wobble,
      requestsTotal: totals.requests,
      failuresTotal: totals.failures,
    };
  }
}
