/** The example shop seen through every command that shows what its services do. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import { after, before, suite, test } from "node:test";
import type { EdgeStat, EndpointRow, RouteStat, ServiceStat } from "@plinth/resource";
import { createPlinth, createProject, type Plinth, RUNTIMES } from "./index.ts";
import { LiveTap } from "./live-tap.ts";

const SHOP = new URL("../../examples/shop", import.meta.url).pathname;

/** Takes OTLP and notes whose spans came. */
interface Collector extends AsyncDisposable {
  readonly url: string;
  readonly services: ReadonlySet<string>;
}

async function startCollector(): Promise<Collector> {
  const services = new Set<string>();
  const server = createServer((request, response) => {
    void json(request).then((body) => {
      for (const [, name] of JSON.stringify(body).matchAll(
        /"key":"service\.name","value":\{"stringValue":"([^"]+)"/g,
      ))
        services.add(name!);
      response.end("{}");
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    services,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

for (const runtime of RUNTIMES) {
  // The tests look at one shop: starting it anew for each would take longer than all of them.
  suite(`seeing the shop, proxy on ${runtime}`, () => {
    let plinth: Plinth;
    let collector: Collector;

    before(async () => {
      // As where containers cannot run: all services are processes.
      plinth = createPlinth({ SHOP_NODE_IMAGE: "/nowhere" });
      collector = await startCollector();
      const seeing = ["--otlp", collector.url, "--trace-ratio", "1", "--access-log", "json"];
      await plinth.up(SHOP, "--proxy-runtime", runtime, ...seeing);
    });
    after(async () => {
      await plinth[Symbol.asyncDispose]();
      await collector[Symbol.asyncDispose]();
    });

    async function table(...words: string[]): Promise<string> {
      const { code, stdout, stderr } = await plinth.run(words);
      assert.equal(code, 0, stderr);
      return stdout;
    }

    test("stat, edges and routes tell the same calls by service, by pair and by route", async () => {
      const edges = await plinth.until("calls were counted", async () => {
        const all = await plinth.json<EdgeStat[]>("edges");
        const has = (caller: string, callee: string): boolean =>
          all.some((edge) => edge.caller === caller && edge.callee === callee && edge.rps > 0);
        return has("loadgen", "storefront") && has("storefront", "catalog") && all;
      });
      const edge = edges.find(({ caller, callee }) => caller === "storefront" && callee === "catalog")!;
      assert.deepEqual([edge.protocols, edge.secured], [["HTTP/1.1"], "same-host"]);
      assert.match(edge.clientId!, /^spiffe:\/\/[^/]+\/app\/shop\/service\/storefront$/);
      const catalog = (await plinth.json<ServiceStat[]>("stat", "shop")).find(
        ({ service }) => service === "catalog",
      )!;
      assert.ok(catalog.rps > 0 && catalog.readBytesPerSecond > 0 && catalog.writeBytesPerSecond > 0);
      const routes = await plinth.json<RouteStat[]>("routes", "shop");
      const route = routes.find(({ caller, callee }) => caller === "storefront" && callee === "catalog")!;
      assert.equal(route.route, "default");
      assert.ok(route.actualRps >= route.rps);
      assert.match(await table("edges"), /storefront +catalog +HTTP\/1\.1 +same host +100\.00%/);
      assert.match(await table("routes", "--wide"), /storefront +default +catalog +100\.00%/);
      assert.match(await table("stat", "--wide"), /READ_BYTES\/SEC/);
    });

    test("tap shows what is asked for, goes on over a new proxy, and ends with Ctrl-C", async () => {
      await using tap = new LiveTap(plinth, "shop", "--from", "ingress", "--path", "/products/no-such");
      // The tap is in force some time after its process began.
      const shown = tap.next();
      await plinth.until("a request is shown", async () => {
        await plinth.get("/products/no-such?token=secret");
        return Promise.race([
          shown.then(() => true),
          new Promise<false>((done) => setTimeout(done, 50, false)),
        ]);
      });
      const begun = await shown;
      assert.ok(begun.type === "request");
      assert.deepEqual(
        [begun.caller, begun.callee, begun.method, begun.path],
        ["ingress", "storefront", "GET", "/products/no-such"],
      );
      let event = await tap.next();
      while (event.type !== "response") event = await tap.next();
      assert.equal(event.status, 404);
      assert.match(event.instance!, /^shop\.storefront\./);

      const { code, stderr } = await plinth.run(["upgrade"]);
      assert.equal(code, 0, stderr);
      const again = (async (): Promise<true> => {
        for (;;) {
          const next = await tap.next();
          if ("id" in next && next.id.split(":")[0] !== begun.id.split(":")[0]) return true;
        }
      })();
      await plinth.until("the new proxy is tapped", async () => {
        await plinth.get("/products/no-such");
        return Promise.race([again, new Promise<false>((done) => setTimeout(done, 50, false))]);
      });
      assert.equal(await tap.interrupt(), 130);
    });

    test("tap by status shows nothing else, and refuses what is no status", async () => {
      await using tap = new LiveTap(plinth, "--status", "404", "--to", "storefront");
      const shown = tap.next();
      await plinth.until("a request is shown", async () => {
        await plinth.get("/products/no-such");
        return Promise.race([
          shown.then(() => true),
          new Promise<false>((done) => setTimeout(done, 50, false)),
        ]);
      });
      const events = [await shown, await tap.next(), await tap.next()];
      assert.deepEqual(
        events.map((event) => (event.type === "response" ? event.status : event.type)),
        ["request", 404, "end"],
      );
      const { code, stderr } = await plinth.run(["tap", "--status", "9x"]);
      assert.notEqual(code, 0);
      assert.match(stderr, /"9x" is neither a status/);
    });

    test("top counts paths", async () => {
      const { requests } = await plinth.json<{
        requests: { destination: string; count: number; path: string }[];
      }>("top", "--for", "2s");
      assert.ok(requests.some(({ destination, path }) => destination === "catalog" && path === "/products"));
      assert.match(
        await table("top", "--for", "1s", "--to", "catalog"),
        /^Source +Destination +Method +Path +Count/,
      );
    });

    test("diagnostics tells endpoints, snapshot and metrics", async () => {
      const endpoints = await plinth.json<EndpointRow[]>("diagnostics", "endpoints");
      assert.equal(
        endpoints.filter(({ service, state }) => service === "catalog" && state === "ready").length,
        2,
      );
      assert.match(await table("diagnostics", "endpoints"), /^APP +SERVICE +INSTANCE +IP +PORT +STATE/);
      const snapshot = JSON.parse(await table("diagnostics", "snapshot")) as { services: object };
      assert.ok("shop.catalog" in snapshot.services);
      assert.match(await table("diagnostics", "metrics"), /^# TYPE response_latency_ms histogram$/m);
    });

    test("a collector gets spans of the shop's calls, and status says where they go", async () => {
      const { telemetry } = await plinth.status();
      assert.deepEqual(telemetry, { otlp: collector.url, traceRatio: 1, accessLog: "json" });
      await plinth.until("spans of several services have come", async () =>
        ["ingress", "loadgen", "storefront"].every((service) => collector.services.has(service)),
      );
      const { code, stderr } = await plinth.run(["up", SHOP, "--detach", "--otlp", "off"]);
      assert.notEqual(code, 0);
      assert.match(stderr, /Cannot use --otlp off: Plinth is running with http/);
    });

    test("the access log has a line for a request that came by the ingress", async () => {
      await plinth.get("/products/no-such?mark=here");
      const path = join(plinth.home, "access", "shop.log");
      const line = await plinth.until("the line is there", async () =>
        readFileSync(path, "utf8")
          .split("\n")
          .find((text) => text.includes("mark=here")),
      );
      const { caller, service, status } = JSON.parse(line) as Record<string, unknown>;
      assert.deepEqual([caller, service, status], [null, "storefront", 404]);
    });

    test("logs --json has what a service's remap makes of its lines; another remap reads the old ones, too", async () => {
      using project = createProject();
      const lines = ['{"path":"/pay","cents":1250}', "GET /healthz", "not json"];
      const command = [
        "node",
        "-e",
        `console.log(${JSON.stringify(lines.join("\n"))}); setInterval(() => {}, 1e6)`,
      ];
      const configure = (remap: string): void =>
        project.configure({ name: "till", services: { pay: { command, health: false, logs: { remap } } } });
      const read = async (): Promise<object[]> =>
        (await table("logs", "till/pay", "--json"))
          .trim()
          .split("\n")
          .map((line) => JSON.parse(line) as object);

      configure(`if ends_with(.message, "/healthz") { abort }\n. = parse_json!(.message)`);
      await plinth.up(project.directory);
      const [paid, unread, ...more] = (await read()) as [{ fields: object }, { line: string; error: string }];
      assert.deepEqual(paid.fields, { cents: 1250, path: "/pay" });
      assert.equal(unread.line, "not json");
      assert.match(unread.error, /unable to parse json/);
      assert.deepEqual(more, []);
      assert.equal((await table("logs", "till/pay")).trim(), lines.join("\n"));

      const [running] = await plinth.json<{ pid: number }[]>("ps", "till");
      configure(`.length = length(.message)`);
      await plinth.up(project.directory);
      const lengths = (await read()).map((line) => (line as { fields: { length: number } }).fields.length);
      assert.deepEqual(
        lengths,
        lines.map(({ length }) => length),
      );
      const still = await plinth.json<{ pid: number }[]>("ps", "till");
      assert.deepEqual(
        still.map(({ pid }) => pid),
        [running!.pid],
      );
    });

    test("what leaves the mesh is not counted in cooperative mode, and that is said", async () => {
      const { code, stderr } = await plinth.run(["stat", "--egress"]);
      assert.notEqual(code, 0);
      assert.match(stderr, /cooperative mode/);
    });
  });
}
