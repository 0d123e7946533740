import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { suite, test } from "node:test";
import { createClient } from "@plinth/client";
import { detectNetwork } from "@plinth/run";
import type { EdgeStat, EndpointRow, ExpiryReport, Host, IdentityReport, PsRow } from "@plinth/resource";
import { createPlinth, createProject, type Plinth, type Project, RUNTIMES, startLoad } from "./index.ts";
import { LiveTap } from "./live-tap.ts";
import { createMachines, type Machine } from "./machines.ts";
import { processesOf } from "./processes.ts";
import { allReady } from "./site.ts";

const ability = await detectNetwork();
const skip = ability.available ? false : `no hosts of namespaces here: ${ability.reason ?? "unknown"}`;

/** Tells where it runs, and where what it asks does; each answer asks for one behind it. */
const FRONT = `import { createServer, get } from "node:http";
import { hostname } from "node:os";
const server = createServer((request, response) => {
  get(process.env.PLINTH_BACK_URL, (answer) => {
    let text = "";
    answer.on("data", (chunk) => (text += chunk)).on("end", () => {
      response.statusCode = answer.statusCode;
      response.end("front on " + hostname() + " asked " + text);
    });
  }).on("error", (error) => { response.statusCode = 500; response.end(error.message); });
});
server.keepAliveTimeout = 60_000;
server.listen(Number(process.env.PORT), process.env.HOST);
process.on("SIGTERM", () => { server.close(() => process.exit(0)); server.closeIdleConnections(); });
`;
const BACK = `import { createServer } from "node:http";
import { hostname } from "node:os";
console.log("back says hello on " + hostname());
const server = createServer((request, response) => response.end("back on " + hostname() + " VERSION " + process.env.SAID));
server.keepAliveTimeout = 60_000;
server.listen(Number(process.env.PORT), process.env.HOST);
process.on("SIGTERM", () => { server.close(() => process.exit(0)); server.closeIdleConnections(); });
`;

function site(project: Project, version: string): void {
  project.write("front.mjs", FRONT);
  project.write("back.mjs", BACK.replace("VERSION", version));
  project.configure({
    name: "site",
    services: {
      front: { command: ["node", "front.mjs"], replicas: 2, calls: ["back"] },
      back: { command: ["node", "back.mjs"], replicas: 2, env: { SAID: { secret: "said" } } },
    },
    ingress: { "*": "front" },
  });
}

interface Pair extends AsyncDisposable {
  readonly alpha: Plinth;
  readonly beta: Plinth;
  readonly machines: readonly Machine[];
  /** What `front` answers, gathered until every combination of hosts was seen. */
  everyWay(): Promise<void>;
  onBeta(): Promise<PsRow[]>;
}

async function joinTwo(project: Project, runtime: string, mode: string): Promise<Pair> {
  await using setup = new AsyncDisposableStack();
  const { machines } = setup.use(await createMachines("alpha", "beta"));
  const [first, second] = machines as [Machine, Machine];
  const flags = ["--mesh", mode, "--proxy-runtime", runtime];
  const alpha = setup.use(createPlinth({}, undefined, first));
  const beta = setup.use(createPlinth({}, undefined, second));
  site(project, "1");
  await alpha.run(["up", project.directory, "--detach", ...flags, "--ingress-address", first.address]);
  assert.equal((await alpha.run(["secrets", "set", "said"], "a secret")).code, 0);
  await alpha.up(project.directory, ...flags);
  await allReady(alpha, 4);
  await join(alpha, beta, ...flags);
  const lifetime = setup.move();
  return {
    alpha,
    beta,
    machines,
    async everyWay() {
      const seen = new Set<string>();
      await alpha.until("each front has asked each back", async () => {
        // At the same time: the balancer prefers the near one as long as it has nothing else to do.
        for (const { status, body } of await Promise.all(Array.from({ length: 16 }, () => alpha.get("/")))) {
          assert.equal(status, 200, body);
          const [, front, back] = /^front on (\w+) asked back on (\w+) \d a secret$/.exec(body) ?? [];
          seen.add(`${front} ${back}`);
        }
        return seen.size === 4 && !seen.has("undefined undefined");
      });
    },
    onBeta: async () => (await alpha.ps()).filter(({ host }) => host === "beta"),
    [Symbol.asyncDispose]: () => lifetime.disposeAsync(),
  };
}

/** The token goes from one command's output into the other's input, as over ssh. */
async function join(alpha: Plinth, beta: Plinth, ...flags: readonly string[]): Promise<void> {
  const token = await alpha.run(["join-token"]);
  assert.equal(token.code, 0, token.stderr);
  const joined = await beta.run(["join", ...flags], token.stdout);
  assert.equal(joined.code, 0, joined.stderr);
}

async function hostState(alpha: Plinth, name: string): Promise<string | undefined> {
  const { items } = await alpha.json<{ items: readonly Host[] }>("get", "hosts");
  return items.find(({ metadata }) => metadata.name === name)?.status?.state;
}

suite("a host that goes without a word", { skip }, () => {
  test("its cable pulled, calls go elsewhere, its instances are replaced, and it finds back", async () => {
    using project = createProject();
    await using pair = await joinTwo(project, "node", "cooperative");
    const { alpha, beta, machines } = pair;
    site(project, "2");
    await alpha.up(project.directory);
    await pair.everyWay();
    const before = await pair.onBeta();
    assert.equal(before.length, 2);
    await using load = startLoad({ port: await alpha.ingressPort(), address: machines[0]!.address });
    await load.more(100);

    // Every certificate taken for expired: all are replaced, and links between the hosts are made anew with them.
    const renewals = (): number =>
      readFileSync(`${beta.home}/daemon.log`, "utf8").split("credential is renewed").length;
    const linksMade = async (): Promise<number> => {
      const { metrics } = await alpha.json<{ metrics: string }>("diagnostics", "metrics");
      return Number(/^\S*inbound_peer_links_total (\d+)$/m.exec(metrics)?.[1]);
    };
    const [renewed, made] = [renewals(), await linksMade()];
    const { hosts } = await alpha.json<ExpiryReport>("identity", "expire");
    // Its two services' and its own as a host, and what it speaks to the other with.
    assert.deepEqual(hosts, [
      { name: "alpha", certificates: 4 },
      { name: "beta", certificates: 4 },
    ]);
    assert.equal(renewals(), renewed + 1);
    await load.more(100);
    await pair.everyWay();
    assert.ok((await linksMade()) > made, "links are new");

    machines[1]!.cable(false);
    await load.more(100);
    await alpha.until("the host is lost", async () => (await hostState(alpha, "beta")) === "Lost");
    await alpha.until("its instances are replaced", async () => {
      const rows = await alpha.ps();
      return rows.length === 4 && rows.every(({ host, ready }) => host === null && ready);
    });
    await load.more(100);
    machines[1]!.cable(true);
    await alpha.until("the host is back", async () => (await hostState(alpha, "beta")) === "Ready");
    // What it ran all the while is not wanted any more.
    await beta.until("its instances have ended", async () => {
      const names = new Set((await beta.ps()).map(({ instance }) => instance));
      return before.every(({ instance }) => !names.has(instance));
    });
    site(project, "3");
    await alpha.up(project.directory);
    assert.equal((await pair.onBeta()).length, 2);
    await pair.everyWay();

    // Halted: all of it is gone at once, and comes back when it is started again.
    await createClient({ socketPath: `${alpha.home}/plinth.sock` }).haltHost("beta");
    await beta.until("nothing runs on beta", async () => processesOf(beta.home).length === 0);
    await load.more(100);
    const started = await beta.run(["join"]);
    assert.equal(started.code, 0, started.stderr);
    await pair.everyWay();
    assert.deepEqual((await load.stop()).failures, {});

    // Let go for good: what it had is elsewhere, and its certificate opens nothing any more.
    assert.equal((await alpha.run(["delete", "host", "beta"])).code, 0);
    await alpha.until("nothing runs there", async () => (await pair.onBeta()).length === 0);
    await allReady(alpha, 4);
    assert.equal(await hostState(alpha, "beta"), undefined);
    await beta.until("it knows", async () =>
      /has been removed/.test(readFileSync(`${beta.home}/daemon.log`, "utf8")),
    );
  });
});

for (const runtime of RUNTIMES) {
  suite(`two hosts on ${runtime}`, { skip }, () => {
    for (const mode of runtime === "node" ? ["transparent", "cooperative"] : ["transparent"]) {
      test(`a second machine joins, runs instances that all others reach, and leaves; ${mode}`, async () => {
        using project = createProject();
        await using pair = await joinTwo(project, runtime, mode);
        const { alpha, beta } = pair;
        await using load = startLoad({ port: await alpha.ingressPort(), address: pair.machines[0]!.address });
        // A new release spreads over both.
        site(project, "2");
        await alpha.up(project.directory, "--mesh", mode);
        assert.equal((await pair.onBeta()).length, 2);
        await pair.everyWay();

        // Calls of both hosts' instances are counted once, and those between hosts are known to be secured.
        await alpha.until("the calls of both hosts are counted", async () => {
          const edges = await alpha.json<EdgeStat[]>("edges");
          const between = edges.find(({ caller, callee }) => caller === "front" && callee === "back");
          const inwards = edges.find(({ caller }) => caller === "ingress");
          return (
            between?.secured === "mixed" &&
            between.requestsTotal >= (inwards?.requestsTotal ?? Infinity) * 0.9
          );
        });

        // Calls are seen where their callers are, and all of them in one place.
        {
          await using tap = new LiveTap(alpha, "site", "--from", "front", "--to", "back");
          const seenAt = new Set<boolean>();
          while (seenAt.size < 2) {
            const event = await tap.next();
            if (event.type === "request") seenAt.add(event.id.startsWith("beta/"));
          }
        }
        const endpoints = await alpha.json<EndpointRow[]>("diagnostics", "endpoints");
        assert.deepEqual([...new Set(endpoints.map(({ seenBy }) => seenBy))], [undefined, "beta"]);
        const egress = await alpha.run(["stat", "site", "--egress"]);
        assert.equal(egress.code === 0, mode === "transparent", egress.stderr);

        // Its instances are at hand as those here are.
        const there = (await pair.onBeta()).find(({ service }) => service === "back")!.instance;
        const asked = await alpha.run(["exec", there, "--", "sh", "-c", "hostname; exit 3"]);
        assert.deepEqual([asked.stdout, asked.code], ["beta\n", 3], asked.stderr);
        const log = await alpha.run(["logs", there]);
        assert.deepEqual([log.stdout, log.code], ["back says hello on beta\n", 0], log.stderr);
        const unknown = await beta.run(["rollback", "site"]);
        assert.match(unknown.stderr, /this machine has joined another/);

        // Whatever of Plinth dies on either host, nobody notices.
        const before = (await pair.onBeta()).map(({ instance }) => instance).sort();
        process.kill(await beta.pidOf("daemon"), "SIGKILL");
        process.kill(await alpha.pidOf("daemon"), "SIGKILL");
        await load.more(200);
        await beta.until("its daemon answers again", () => beta.pidOf("daemon"));
        await alpha.until("the first host's daemon answers again", () => alpha.pidOf("daemon"));
        await alpha.run(["upgrade", "proxy"]);
        await beta.run(["upgrade", "proxy"]);
        await load.more(200);
        await pair.everyWay();

        // Root, workloads' certificates and hosts' credentials: all are new, and the old root is gone.
        const roots = async (): Promise<readonly string[]> =>
          (await alpha.json<IdentityReport>("identity", "show")).roots.map(({ fingerprint }) => fingerprint);
        const [old] = await roots();
        const rotated = await alpha.run(["identity", "rotate", "--now"]);
        assert.equal(rotated.code, 0, rotated.stderr);
        const now = await roots();
        assert.equal(now.length, 1);
        assert.notEqual(now[0], old);
        await load.more(100);
        await pair.everyWay();
        assert.deepEqual((await pair.onBeta()).map(({ instance }) => instance).sort(), before);

        // What a host has is replaced before it goes.
        const left = await beta.run(["down", "--all"]);
        assert.equal(left.code, 0, left.stderr);
        assert.deepEqual(await pair.onBeta(), []);
        assert.equal(await hostState(alpha, "beta"), "Left");
        await allReady(alpha, 4);
        await load.more(100);
        // It comes back without another token.
        const back = await beta.run(["join"]);
        assert.equal(back.code, 0, back.stderr);
        site(project, "3");
        await alpha.up(project.directory, "--mesh", mode);
        assert.equal((await pair.onBeta()).length, 2);
        await pair.everyWay();
        assert.deepEqual((await load.stop()).failures, {});
      });
    }
  });
}
