/** A shop that only pretends: resources that change as the real ones do, without a single process. */
import type { App, AppSpec, Failure, Instance, Release, ServiceSpec } from "@plinth/resource";
import { FakeStore } from "./store.ts";

const digest = `sha256:${"a".repeat(64)}`;
const node = (service: string, more: Partial<ServiceSpec> = {}): ServiceSpec => ({
  command: ["node", "server.ts"],
  cwd: service,
  source: { directory: `/home/ada/.plinth/sources/${service}`, digest },
  ...more,
});

const spec: AppSpec = {
  directory: "/home/ada/shop",
  services: {
    storefront: node("storefront", {
      replicas: 2,
      calls: ["catalog", "cart", "checkout", "recommend", "assets"],
    }),
    catalog: node("catalog", { replicas: 2 }),
    cart: node("cart", { calls: ["catalog", "carts"] }),
    checkout: node("checkout", { calls: ["cart", "payment"] }),
    recommend: { image: "oci:/home/ada/.cache/shop-node", calls: ["catalog"] },
    payment: { command: ["perl", "server.pl"], logs: { remap: ". = parse_json!(.message)" } },
    assets: { command: ["node", "http-server", ".", "-p", "${PORT}"] },
    loadgen: node("loadgen", { calls: ["storefront"] }),
    flood: node("flood", { replicas: 0, calls: ["catalog"] }),
    hoard: node("hoard", { replicas: 0, calls: ["carts"] }),
    carts: { command: ["${PLINTH}", "store", "serve"], store: true },
  },
  ingress: { "shop.localhost": "storefront", "*": "storefront" },
};

export const CRASH_LINE = "catalog: cannot read the price list: PRICES is not set (BREAK=crash)";

const failures: Readonly<Record<string, Failure>> = {
  crash: {
    service: "catalog",
    instance: "shop.catalog.9zd",
    reason: "Crashed",
    message: "exited with 1 before it was ready, 3 times",
    exitCode: 1,
    probe: "GET /healthz: connection refused",
    log: [CRASH_LINE],
  },
  unready: {
    service: "catalog",
    instance: "shop.catalog.9zd",
    reason: "NotReady",
    message: "did not answer its startup probe within 30 s",
    probe: "GET /healthz: no answer within 2 s",
    log: ["catalog: waiting for a price list that will not come (BREAK=unready)"],
  },
};

const hoursAgo = (hours: number): string => new Date(Date.now() - hours * 3_600_000).toISOString();

export class FakeShop {
  readonly store: FakeStore = new FakeStore();
  readonly logs: Map<string, string[]> = new Map();
  /** How long a release takes to fail or to get ready. */
  readonly settleMs: number;
  #suffix = 0;
  #port = 20_000;

  constructor(settleMs = 600) {
    this.settleMs = settleMs;
  }

  get app(): App | undefined {
    return this.store.get("App", "shop");
  }

  /** Everything up and healthy on release 2, as after an hour's work. */
  deploy(): void {
    const first = structuredClone(spec);
    first.services["storefront"]!.replicas = 1;
    this.#release(1, first, { phase: "Superseded", finishedAt: hoursAgo(3) }, hoursAgo(3));
    this.#release(2, spec, { phase: "Active", finishedAt: hoursAgo(1) }, hoursAgo(1));
    for (const [service, { replicas = 1 }] of Object.entries(spec.services)) {
      for (let index = 0; index < replicas; index++) this.#start(service, 2, hoursAgo(1));
    }
    for (const [service, { replicas = 1, calls = [] }] of Object.entries(spec.services)) {
      const callers = Object.keys(spec.services).filter((each) =>
        spec.services[each]!.calls?.includes(service),
      );
      const addresses = callers.map((caller, index) => [caller, `http://127.66.0.${index + 1}:10000`]);
      this.store.put("Service", `shop.${service}`, {
        spec: { app: "shop", service, replicas, calls },
        status: { addresses: Object.fromEntries(addresses) },
      });
    }
    this.#status(spec, {
      phase: "Healthy",
      message: "All services are ready.",
      activeRelease: 2,
      targetRelease: 2,
    });
  }

  patch(change: { spec?: { services?: Record<string, Partial<ServiceSpec>> } }): App {
    const { app } = this;
    if (app === undefined) throw new Error("no shop");
    const next = structuredClone(app.spec);
    for (const [name, fields] of Object.entries(change.spec?.services ?? {})) {
      const service = next.services[name]!;
      next.services[name] = { ...service, ...fields, env: { ...service.env, ...fields.env } };
    }
    this.#roll(next);
    return this.app!;
  }

  rollback(to: number): App {
    const release = this.store.get("Release", `shop.${to}`);
    const { app } = this;
    if (release === undefined || app === undefined) throw new Error(`no release ${to}`);
    const { activeRelease = to } = app.status ?? {};
    if (to === activeRelease) {
      this.#status(release.spec, {
        phase: "Healthy",
        message: "All services are ready.",
        activeRelease: to,
        targetRelease: to,
      });
    } else {
      this.#roll({ ...app.spec, services: release.spec.services });
    }
    return this.app!;
  }

  /** Killed and started again by the daemon. */
  kill(name: string): void {
    const instance = this.store.get("Instance", name);
    if (instance?.status === undefined) return;
    const restarts = (instance.status.restarts ?? 0) + 1;
    const { spec: of, status } = instance;
    const reason = "killed by SIGKILL; starting again in 1 s";
    this.store.put("Instance", name, {
      spec: of,
      status: { ...status, state: "Backoff", reason, exitCode: 137, restarts },
    });
    setTimeout(() => {
      const startedAt = new Date().toISOString();
      const { reason: _, ...rest } = status;
      this.store.put("Instance", name, {
        spec: of,
        status: { ...rest, state: "Ready", startedAt, exitCode: 137, restarts },
      });
    }, this.settleMs).unref();
  }

  /** A second machine has joined; this one is alpha. */
  join(name: string): void {
    for (const host of ["alpha", name])
      this.store.put("Host", host, { spec: {}, status: { state: "Ready", address: "192.0.2.1:7081" } });
  }

  /** Goes as if its power were cut. */
  halt(name: string): void {
    this.#later(() => this.store.put("Host", name, { spec: {}, status: { state: "Lost" } }));
  }

  update(name: string, status: Partial<NonNullable<Instance["status"]>>): void {
    const instance = this.store.get("Instance", name)!;
    this.store.put("Instance", name, { spec: instance.spec, status: { ...instance.status, ...status } });
  }

  #roll(next: AppSpec): void {
    const number = this.store.list("Release").length + 1;
    const activeRelease = this.app?.status?.activeRelease ?? 1;
    const before = this.app!.spec;
    this.#release(number, next, { phase: "Progressing" });
    this.#status(next, {
      phase: "Progressing",
      message: `Bringing out release ${number}.`,
      activeRelease,
      targetRelease: number,
    });
    const broken = next.services["catalog"]?.env?.["BREAK"];
    const failure = typeof broken === "string" ? failures[broken] : undefined;

    if (failure !== undefined) {
      const name = this.#start("catalog", number, new Date().toISOString(), failure.instance);
      const exited = failure.exitCode === undefined ? {} : { exitCode: failure.exitCode };
      this.update(name, { state: "Starting", reason: failure.message, probe: failure.probe!, ...exited });
      this.#later(() => {
        this.store.delete("Instance", name);
        this.#release(number, next, { phase: "Failed", failure, finishedAt: new Date().toISOString() });
        const message = `Release ${number} was halted; release ${activeRelease} keeps serving.`;
        this.#status(next, {
          phase: "Degraded",
          message,
          activeRelease,
          targetRelease: activeRelease,
          failedRelease: number,
          failure,
        });
      });
      return;
    }
    for (const [service, { replicas = 1 }] of Object.entries(next.services)) {
      const old = before.services[service]?.replicas ?? 1;
      const names = this.store.list("Instance").filter((each) => (each as Instance).spec.service === service);
      for (let index = old; index < replicas; index++) this.#start(service, number, new Date().toISOString());
      for (let index = replicas; index < old; index++)
        this.store.delete("Instance", names[index]!.metadata.name);
    }
    this.#later(() => {
      const superseded = this.store.get("Release", `shop.${activeRelease}`);
      if (superseded) this.#release(activeRelease, superseded.spec, { phase: "Superseded" });
      this.#release(number, next, { phase: "Active", finishedAt: new Date().toISOString() });
      this.#status(next, {
        phase: "Healthy",
        message: "All services are ready.",
        activeRelease: number,
        targetRelease: number,
      });
    });
  }

  #later(act: () => void): void {
    setTimeout(act, this.settleMs).unref();
  }

  #status(of: AppSpec, status: NonNullable<App["status"]>): void {
    const urls = ["http://shop.localhost:8080/"];
    this.store.put("App", "shop", {
      spec: { ...of, directory: "/home/ada/shop" },
      status: { ...status, urls },
    });
  }

  #release(number: number, of: AppSpec, status: NonNullable<Release["status"]>, at?: string): void {
    const { services, ingress = {} } = of;
    this.store.put(
      "Release",
      `shop.${number}`,
      { spec: { app: "shop", number, digest, services, ingress }, status },
      at,
    );
  }

  #start(service: string, release: number, startedAt: string, name?: string): string {
    const suffix = (++this.#suffix * 7919).toString(36).padStart(4, "x");
    const own = name ?? `shop.${service}.${suffix}`;
    const port = ++this.#port;
    this.store.put("Instance", own, {
      spec: { app: "shop", service, release, revision: digest.slice(7, 19), driver: "process", port },
      status: {
        state: "Ready",
        pid: 4000 + this.#suffix,
        startedAt,
        restarts: 0,
        address: `127.0.0.1:${port}`,
        probe: "GET /healthz: 200",
      },
    });
    return own;
  }
}
