import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, test, type TestContext } from "node:test";
import { connect } from "node:tls";
import { systemClock } from "@plinth/clock";
import { Fault } from "@plinth/fault";
import {
  CertificateAuthority,
  fingerprintOf,
  generateKeyPair,
  JoinTokens,
  parseJoinToken,
  SvidKeeper,
} from "@plinth/identity";
import { createLog } from "@plinth/log";
import { createRegistry, type Registry } from "@plinth/registry";
import { APP_LABEL, type Instance, type InstanceStatus, type ServiceSpec } from "@plinth/resource";
import type { EdgeCounters, ProxyCounters } from "@plinth/stat";
import { openStore } from "@plinth/store";
import { authoritySource } from "./authority-source.ts";
import { FirstHost, joinFirstHost } from "./first-host.ts";
import { openHostApi } from "./host-api.ts";
import type { HostCredential } from "./host-credential.ts";
import { HostSessions } from "./host-sessions.ts";
import type { HostReport, HostWorld } from "./messages.ts";
import { worldOf } from "./world.ts";

/** What a service's callers go by. */
const forCallers = {
  policy: { timeout: { request: "5s" } },
  routes: [{ name: "deep", match: { pathPrefix: "/deep" }, policy: { retry: { limit: 0 } } }],
} satisfies Partial<ServiceSpec>;
const DIGEST = "a".repeat(64);
const OTHER_DIGEST = "b".repeat(64);

interface First extends AsyncDisposable {
  readonly registry: Registry;
  readonly tokens: JoinTokens;
  readonly sessions: HostSessions;
  readonly directory: string;
  /** What hosts have said of their instances. */
  readonly reported: (readonly [host: string, statuses: Readonly<Record<string, InstanceStatus>>])[];
  readonly counters: (readonly [host: string, counters: ProxyCounters])[];
  token(host?: string): Promise<string>;
  join(host: string, signal: AbortSignal): Promise<HostCredential>;
  place(name: string, host: string): Promise<Instance>;
}

/** The first host's door for hosts over a real store, on loopback. */
async function startFirst(context: TestContext): Promise<First> {
  await using setup = new AsyncDisposableStack();
  const directory = mkdtempSync(join(tmpdir(), "plinth-hosts-"));
  setup.defer(() => rmSync(directory, { recursive: true }));
  const clock = systemClock;
  const log = createLog({ write: () => {} });
  const store = setup.use(await openStore(join(directory, "state")));
  const registry = createRegistry({ store });
  const authority = await CertificateAuthority.open({
    path: join(directory, "authority.json"),
    homeId: "test",
    clock,
  });
  const keeper = setup.use(new SvidKeeper({ source: authoritySource(authority), clock, log }));
  const tokens = new JoinTokens({ store, clock });
  const services: Record<string, ServiceSpec> = {
    web: {
      command: ["web"],
      env: { KEY: { secret: "web-key" } },
      source: { directory: `/first/sources/${DIGEST}/web`, digest: "sha256:x" },
    },
    db: {
      command: ["db", "--password", "in-argv"],
      port: 5432,
      protocol: "tcp",
      env: { PLAIN: "hidden", KEY: { secret: "db-key" } },
      source: { directory: `/first/sources/${OTHER_DIGEST}`, digest: "sha256:y" },
    },
    search: { command: ["search"], ...forCallers },
  };
  const reported: First["reported"][number][] = [];
  const counters: First["counters"][number][] = [];
  const fleet = {
    list: (app?: string) =>
      registry.list("Instance", app === undefined ? undefined : { [APP_LABEL]: app }) as Instance[],
    isLeaving: () => false,
    reported: async (...report: First["reported"][number]) => void reported.push(report),
    changed: () => {},
    vacate: () => {},
  };
  const sessions = new HostSessions({
    registry,
    name: "alpha",
    world: (host) =>
      worldOf(host, { registry, fleet, reveal: (name) => `value of ${name}`, trust: () => authority.bundle }),
    fleet: () => fleet,
    clock,
    log,
    signal: context.signal,
    onChange: () => {},
    onCounters: (...counted) => void counters.push(counted),
  });
  const sources = join(directory, "sources");
  for (const digest of [DIGEST, OTHER_DIGEST]) mkdirSync(join(sources, digest, "web"), { recursive: true });
  writeFileSync(join(sources, DIGEST, "web", "main.mjs"), "the program");
  const api = setup.use(
    await openHostApi({
      address: "127.0.0.1",
      port: 0,
      authority,
      tokens,
      keeper,
      sessions,
      registry,
      specOf: ({ spec }) => {
        const spec_ = services[spec.service]!;
        const directoryOf = spec_.source!.directory.replace("/first/sources", sources);
        return { ...spec_, source: { ...spec_.source!, directory: directoryOf } };
      },
      sources,
      image: () => Promise.reject(new Error("there is none")),
      log,
    }),
  );
  for (const app of ["shop", "other"]) {
    const metadata = { name: app, labels: { [APP_LABEL]: app } };
    await registry.create("App", { metadata, spec: { services } });
    await registry.updateStatus("App", app, { targetRelease: 1, activeRelease: 1 });
    await registry.create("Release", {
      metadata: { name: `${app}.1`, labels: { [APP_LABEL]: app } },
      spec: { app, number: 1, digest: "d", services },
    });
  }
  const lifetime = setup.move();
  const first: First = {
    registry,
    tokens,
    sessions,
    directory,
    reported,
    counters,
    token: async (host) => {
      const { text } = await tokens.create({
        address: `127.0.0.1:${api.port}`,
        fingerprint: fingerprintOf(authority.bundle.roots[0]!),
        ...(host !== undefined && { host }),
      });
      return text;
    },
    join: async (host, signal) => joinFirstHost(parseJoinToken(await first.token()), { host, clock, signal }),
    place: (name, host) => {
      const [app = "", service = ""] = name.split(".");
      return registry.create("Instance", {
        metadata: { name, labels: { [APP_LABEL]: app } },
        spec: { app, service, release: 1, revision: "r", driver: "process", port: 8080, host },
        status: { state: "Pending", restarts: 0 },
      });
    },
    [Symbol.asyncDispose]: () => lifetime.disposeAsync(),
  };
  return first;
}

function reportOf(instances: HostReport["instances"], settled = { connection: "", seq: 0 }): HostReport {
  return {
    settled,
    door: { address: "192.0.2.7", port: 7083 },
    instances,
    renewed: 0,
    leaving: false,
    version: "0.1.0",
    mesh: "cooperative",
    cpus: 2,
  };
}

const refused =
  (code: string, words: RegExp) =>
  (error: unknown): boolean =>
    error instanceof Fault && error.code === code && words.test(error.message);

suite("the door for hosts", () => {
  test("a host joins with a token once, is told its own world, and its report is taken", async (context) => {
    await using first = await startFirst(context);
    const { signal } = context;
    const text = await first.token();
    const token = parseJoinToken(text);
    const credential = await joinFirstHost(token, { host: "beta", clock: systemClock, signal });
    assert.equal(credential.firstName, "alpha");
    await assert.rejects(
      joinFirstHost(token, { host: "gamma", clock: systemClock, signal }),
      refused("unauthorized", /has been used/),
    );
    await first.place("shop.web.one", "beta");
    await first.place("shop.db.one", "alpha");
    const beta = new FirstHost(credential, systemClock);
    const worlds = beta.messages(signal);
    const { value: world } = (await worlds.next()) as { value: HostWorld };
    assert.equal(world.seq, 1);
    await beta.report(
      reportOf({ "shop.web.one": { state: "Ready", restarts: 0 } }, { connection: world.connection, seq: 1 }),
      signal,
    );
    assert.deepEqual(first.reported, [["beta", { "shop.web.one": { state: "Ready", restarts: 0 } }]]);
    assert.equal(first.registry.get("Host", "beta")?.status?.address, "192.0.2.7:7083");
    assert.equal(first.sessions.isReachable("beta"), true);
    // A change reaches it, and the first host knows when it is in force there.
    const settled = first.sessions.settled(60_000);
    let next = ((await worlds.next()) as { value: HostWorld }).value;
    await beta.report(reportOf({}, { connection: next.connection, seq: next.seq }), signal);
    await settled;
    await first.place("shop.web.two", "beta");
    first.sessions.changed();
    while (next.instances.length < 3) next = ((await worlds.next()) as { value: HostWorld }).value;
    await worlds.return(undefined);
  });

  test("a host learns nothing of apps it does not run, nor of other services' environments", async (context) => {
    await using first = await startFirst(context);
    const credential = await first.join("beta", context.signal);
    await first.place("shop.web.one", "beta");
    await first.place("other.db.one", "gamma");
    const worlds = new FirstHost(credential, systemClock).messages(context.signal);
    const { value: world } = (await worlds.next()) as { value: HostWorld };
    await worlds.return(undefined);
    const text = JSON.stringify(world);
    assert.deepEqual(world.secrets, { "web-key": "value of web-key" });
    for (const hidden of ["hidden", "in-argv", "db-key", "other.db.one", '"other"'])
      assert.ok(!text.includes(hidden), hidden);
    assert.deepEqual(world.releases[0]?.spec.services["db"], {
      command: ["elsewhere"],
      port: 5432,
      protocol: "tcp",
    });
    // Callers' proxies go by it, wherever they are.
    assert.deepEqual(world.releases[0]?.spec.services["search"], { command: ["elsewhere"], ...forCallers });
  });

  test("a host is held to its own name, its own instances and what those are", async (context) => {
    await using first = await startFirst(context);
    const { signal } = context;
    const credential = await first.join("beta", signal);
    await first.join("gamma", signal);
    await first.place("shop.web.one", "beta");
    await first.place("shop.db.one", "gamma");
    const beta = new FirstHost(credential, systemClock);
    const asGamma = new FirstHost({ ...credential, host: "gamma" }, systemClock);
    const keys = await generateKeyPair();
    // Its certificate says beta, whatever the path says.
    await assert.rejects(asGamma.report(reportOf({}), signal), refused("forbidden", /not yours/));
    await assert.rejects(
      beta.report(reportOf({ "shop.db.one": { state: "Ready", restarts: 0 } }), signal),
      refused("forbidden", /does not run on host "beta"/),
    );
    const service = { kind: "service", app: "shop" } as const;
    await assert.rejects(
      beta.certify({ ...service, service: "db" }, keys, signal),
      refused("forbidden", /no instance of it is placed there/),
    );
    const issued = await beta.certify({ ...service, service: "web" }, keys, signal);
    assert.match(issued.spiffeId, /\/app\/shop\/service\/web$/);
    assert.match((await beta.certify({ kind: "control" }, keys, signal)).spiffeId, /\/host\/beta$/);
    for (const digest of [OTHER_DIGEST, "c".repeat(64)])
      await assert.rejects(
        beta.source(digest, first.directory, signal),
        refused("forbidden", /no instance there/),
      );
    const files = join(first.directory, "files");
    mkdirSync(files);
    await beta.source(DIGEST, files, signal);
    assert.equal(readFileSync(join(files, "web", "main.mjs"), "utf8"), "the program");
    for (const door of [
      { address: "$(reboot)", port: 1 },
      { address: "1.2.3", port: 1 },
      { address: "192.0.2.7", port: 1.5 },
    ])
      await assert.rejects(beta.report({ ...reportOf({}), door }, signal), refused("invalid", /door/));
  });

  test("a host tells what its own services' calls have come to, and nobody else's", async (context) => {
    await using first = await startFirst(context);
    const { signal } = context;
    const beta = new FirstHost(await first.join("beta", signal), systemClock);
    await first.place("shop.web.one", "beta");
    const edge: EdgeCounters = {
      app: "shop",
      caller: "web",
      calleeApp: "shop",
      callee: "db",
      route: "default",
      success: 3,
      failure: 0,
      latencyBoundsMs: [1],
      latencyCounts: [3, 0],
      tcpOpen: 1,
      requests: 3,
      http2Requests: 0,
      grpcRequests: 0,
      retries: 0,
      opaqueOpened: 0,
      opaqueReadBytes: 0,
      opaqueWriteBytes: 0,
      overLinks: 1,
    };
    const lies = [
      { ...edge, caller: "db" },
      { ...edge, app: "other" },
      { ...edge, success: -1 },
      { ...edge, latencyCounts: [Infinity, 0] },
      { ...edge, latencyCounts: [1, 2, 3] },
      { ...edge, route: null as unknown as string },
    ];
    const services = [{ app: "shop", service: "web", readBytes: 1, writeBytes: 2 }];
    await beta.report(
      { ...reportOf({}), counters: { startedAt: "x", edges: [...lies, edge], services } },
      signal,
    );
    assert.deepEqual(first.counters, [["beta", { startedAt: "x", edges: [edge], services }]]);
    await beta.report({ ...reportOf({}), counters: "all" as unknown as ProxyCounters }, signal);
    assert.equal(first.counters.length, 1);
  });

  test("a host that was let go is answered no more, and may join again only with a token for it", async (context) => {
    await using first = await startFirst(context);
    const { signal } = context;
    const beta = new FirstHost(await first.join("beta", signal), systemClock);
    await beta.report(reportOf({}), signal);
    await assert.rejects(first.join("beta", signal), refused("conflict", /there is a host of that name/));
    await first.tokens.forget("beta");
    await first.sessions.forget("beta");
    await assert.rejects(beta.report(reportOf({}), signal), refused("forbidden", /has been removed/));
    await assert.rejects(
      beta.renew(await generateKeyPair(), signal),
      refused("forbidden", /has been removed/),
    );
    await first.join("beta", signal);
    await assert.rejects(first.join("alpha", signal), refused("conflict", /the first host has that name/));
  });

  test("a joining machine says its token to nobody but the machine the token is from", async (context) => {
    await using first = await startFirst(context);
    await using stranger = await startFirst(context);
    const token = parseJoinToken(await first.token());
    const { address } = parseJoinToken(await stranger.token());
    await assert.rejects(
      joinFirstHost({ ...token, address }, { host: "beta", clock: systemClock, signal: context.signal }),
      refused("forbidden", /not the machine that the token is from/),
    );
    // It is as good as new.
    await joinFirstHost(token, { host: "beta", clock: systemClock, signal: context.signal });
  });

  test("who has no certificate and does not finish a request is cut off", async (context) => {
    await using first = await startFirst(context);
    const { address } = parseJoinToken(await first.token());
    const [host = "", port = ""] = address.split(":");
    const socket = connect({ host, port: Number(port), rejectUnauthorized: false, minVersion: "TLSv1.3" });
    context.after(() => socket.destroy());
    socket.on("error", () => {});
    socket.write("POST /apis/plinth.dev/v1/hosts/beta HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{");
    await new Promise((resolve) => socket.once("close", resolve));
  });
});
