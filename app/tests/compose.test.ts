/** Compose files as people publish them, run unchanged, and deployed under load. */
import assert from "node:assert/strict";
import { globSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { freePort } from "@plinth/process/testing";
import { detectNetwork } from "@plinth/run";
import { startLoad } from "./index.ts";
import { lacksPackages } from "./compose/debian-image.ts";
import { createPublished, folderOf, type Published } from "./compose/published.ts";
import { lacksSkopeo, startRegistry } from "./compose/registry.ts";
import {
  exporterImage,
  nginxImage,
  PACKAGES,
  postgresImage,
  prometheusImage,
  pythonImage,
  redisImage,
} from "./compose/images.ts";
import { networkTraces } from "./traces.ts";

const ability = await detectNetwork();
const EXIT_UNHEALTHY = 5;

const skipWithout = (folder: string): string | false =>
  (ability.available ? undefined : `no transparent mode here: ${ability.reason ?? "unknown"}`) ??
  (process.getuid?.() === 0 ? undefined : "containers with networks are made by root") ??
  lacksSkopeo() ??
  lacksPackages(PACKAGES[folder]!) ??
  false;

/** What a service says to a GET on a published port. */
async function ask<T>(port: number, path: string): Promise<T> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { connection: "close" } });
  const body = await response.text();
  assert.equal(response.status, 200, body);
  return JSON.parse(body) as T;
}

/** Milliseconds of the epoch at which the first instance of each service was made. */
async function madeAt(published: Published, services: readonly string[]): Promise<number[]> {
  const all = await Promise.all(services.map((service) => published.instances(service)));
  return all.map(([first]) => new Date(first!.metadata.creationTimestamp!).getTime());
}

/** The config that a Compose file becomes is one that Plinth takes. */
async function assertImported({ plinth, directory }: Published): Promise<void> {
  const target = join(directory, "plinth.config.ts");
  const [file] = globSync(join(directory, "*compose.y*ml"));
  const imported = await plinth.run(["import", "compose", file!, "--output", target]);
  assert.equal(imported.code, 0, imported.stderr);
  const valid = await plinth.run(["validate", target]);
  assert.equal(valid.code, 0, valid.stderr);
}

interface Orders {
  readonly made: number;
  readonly done: number;
  readonly migrations: number;
}

test(
  "a shop with PostgreSQL, migrations and a worker's queue: every order is taken and done, whatever is deployed",
  { skip: skipWithout("shop") },
  async () => {
    const before = networkTraces();
    {
      await using registry = await startRegistry();
      const app = folderOf("shop/app");
      await registry.push({
        "postgres:15": postgresImage(),
        "redis:7": redisImage(),
        "shop/app:1": pythonImage(app, "1"),
        "shop/app:2": pythonImage(app, "2"),
        "shop/app:broken": pythonImage(app, "3", { "web.py": 'raise SystemExit("no till, no shop")\n' }),
      });
      const port = await freePort();
      await using shop = createPublished("shop", { REGISTRY_PORT: registry.port, WEB_PORT: port });
      const { plinth } = shop;
      await shop.deploy();
      const [db, migrate, web] = await madeAt(shop, ["db", "migrate", "web"]);
      assert.ok(db! < migrate! && migrate! < web!, "they start in the order that the file asks for");
      const order = await ask<{ version: string }>(port, "/buy");
      assert.equal(order.version, "1");
      const allDone = (least: number): Promise<Orders> =>
        plinth.until("the worker has done all orders", async () => {
          const orders = await ask<Orders>(port, "/orders");
          return orders.made >= least && orders.done === orders.made && orders;
        });
      await allDone(1);

      await using load = startLoad({ port, path: "/buy", clients: 4 });
      await load.more(50);
      await shop.deploy({ TAG: 2, GREETING: "hello" });
      assert.deepEqual(
        { ...(await ask<object>(port, "/buy")), order: "" },
        { order: "", version: "2", greeting: "hello" },
      );
      await load.more(50);
      const failed = await shop.up({ TAG: "broken" });
      assert.equal(failed.code, EXIT_UNHEALTHY, failed.said);
      assert.match(failed.said, /no till, no shop/);
      await load.more(50);
      await shop.deploy({ TAG: 2, WEB_REPLICAS: 3 });
      assert.equal((await shop.instances("web")).length, 3);
      await load.more(50);
      // The database itself: its old instance is gone before the new one starts, on the same volume.
      const plan = await plinth.run(["plan", shop.directory]);
      assert.match(plan.stdout, /nothing would change/i);
      await shop.deploy({ SLOW_MS: 500 });
      await load.more(50);
      const { failures } = await load.stop();
      assert.deepEqual(failures, {});
      const orders = await allDone(load.succeeded);
      assert.equal(orders.migrations, 4, "one for each of the releases that had a program of its own");

      await assertImported(shop);
      await shop.down("shop");
    }
    assert.deepEqual(networkTraces(), before);
  },
);

interface Counted {
  readonly version: string;
  readonly greeting: string;
  readonly count: number;
}

test(
  "a static site with an API and Redis behind nginx: deploys, good and bad, lose no request and no count",
  { skip: skipWithout("site") },
  async () => {
    const before = networkTraces();
    {
      await using registry = await startRegistry();
      const api = folderOf("site/api");
      await registry.push({
        "nginx:1.22": nginxImage(),
        "redis:7": redisImage(),
        "site/api:latest": pythonImage(api, "1"),
        "site/api:2": pythonImage(api, "2"),
        "site/api:broken": pythonImage(api, "3", { "server.py": 'raise SystemExit("cannot count")\n' }),
      });
      const port = await freePort();
      await using site = createPublished("site", { REGISTRY_PORT: registry.port, SITE_PORT: port });
      await site.deploy();
      const page = await fetch(`http://127.0.0.1:${port}/`);
      assert.match(await page.text(), /A page that is counted/);
      assert.equal(page.headers.get("content-type"), "text/html");
      const count = (): Promise<Counted> => ask<Counted>(port, "/api/count");
      assert.deepEqual(await count(), { version: "1", greeting: "hello", count: 1 });

      await using load = startLoad({ port, path: "/api/count" });
      await load.more(100);
      await site.deploy({ TAG: 2, GREETING: "welcome" });
      const { version, greeting } = await count();
      assert.deepEqual([version, greeting], ["2", "welcome"]);
      await load.more(100);
      const failed = await site.up({ TAG: "broken" });
      assert.equal(failed.code, EXIT_UNHEALTHY, failed.said);
      assert.match(failed.said, /cannot count/);
      assert.equal((await count()).version, "2");
      await load.more(100);
      const { failures } = await load.stop();
      assert.deepEqual(failures, {});
      const last = await count();
      assert.ok(last.count > load.succeeded, "each was counted");

      await assertImported(site);
      await site.down("site");
    }
    assert.deepEqual(networkTraces(), before);
  },
);

interface Targets {
  readonly data: { readonly activeTargets: readonly { readonly labels: { job: string }; health: string }[] };
}

interface Found {
  readonly data: { readonly result: readonly { readonly metric: Readonly<Record<string, string>> }[] };
}

test(
  "Prometheus scrapes its neighbours by name, and keeps what it has seen, while they and it are deployed",
  { skip: skipWithout("monitoring") },
  async () => {
    const before = networkTraces();
    {
      await using registry = await startRegistry();
      const app = folderOf("monitoring/app");
      await registry.push({
        "prometheus:v2.42": prometheusImage(),
        "node-exporter:v1.5": exporterImage(),
        "monitoring/app:1": pythonImage(app, "1"),
        "monitoring/app:broken": pythonImage(app, "2", { "server.py": 'raise SystemExit("no figures")\n' }),
      });
      const [port, appPort] = [await freePort(), await freePort()];
      await using stack = createPublished("monitoring", {
        REGISTRY_PORT: registry.port,
        PROMETHEUS_PORT: port,
        APP_PORT: appPort,
      });
      const { plinth } = stack;
      await stack.deploy();
      const allUp = (): Promise<boolean> =>
        plinth.until("all targets are up", async () => {
          const { data } = await ask<Targets>(port, "/api/v1/targets?state=active");
          const up = data.activeTargets
            .filter(({ health }) => health === "up")
            .map(({ labels }) => labels.job);
          return up.sort().join() === "app,node,prometheus";
        });
      const shares = async (): Promise<string[]> => {
        const query = encodeURIComponent("last_over_time(app_requests_total[1h])");
        const { data } = await ask<Found>(port, `/api/v1/query?query=${query}`);
        return [...new Set(data.result.map(({ metric }) => metric["share"] ?? ""))].sort();
      };
      await allUp();
      assert.deepEqual(await shares(), ["1"]);

      await using appLoad = startLoad({ port: appPort });
      await using load = startLoad({ port, path: "/api/v1/query?query=up", clients: 4 });
      await Promise.all([load.more(50), appLoad.more(50)]);
      await stack.deploy({ SHARE: 2 });
      await plinth.until("the new figures are seen", async () => (await shares()).join() === "1,2");
      // Prometheus itself: one at a time on its volume, while requests wait.
      await stack.deploy({ RETENTION: "2d" });
      const failed = await stack.up({ TAG: "broken" });
      assert.equal(failed.code, EXIT_UNHEALTHY, failed.said);
      assert.match(failed.said, /no figures/);
      await Promise.all([load.more(50), appLoad.more(50)]);
      assert.deepEqual([(await load.stop()).failures, (await appLoad.stop()).failures], [{}, {}]);
      await allUp();
      assert.deepEqual(await shares(), ["1", "2"], "what it saw is in its volume");

      await assertImported(stack);
      await stack.down("monitoring");
    }
    assert.deepEqual(networkTraces(), before);
  },
);
