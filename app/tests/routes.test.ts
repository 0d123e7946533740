/** A service whose routes have timeouts and retries of their own, from the config to `plinth routes`. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { Plan, RouteStat } from "@plinth/resource";
import { createPlinth, createProject, type Project, RUNTIMES } from "./index.ts";

const EXIT_INVALID = 3;

/** Answers /…/slow after a second, /…/bad with 503 and how often that was asked for, all else at once. */
const SERVER = `import { createServer } from "node:http";
const asked = new Map();
const server = createServer((request, response) => {
  const { pathname } = new URL(request.url, "http://here");
  asked.set(pathname, (asked.get(pathname) ?? 0) + 1);
  if (pathname.endsWith("/bad")) response.statusCode = 503;
  const body = String(asked.get(pathname));
  setTimeout(() => response.end(body), pathname.endsWith("/slow") ? 1_000 : 0);
});
server.keepAliveTimeout = 60_000;
server.listen(Number(process.env.PORT), process.env.HOST);
process.on("SIGTERM", () => { server.close(() => process.exit(0)); server.closeIdleConnections(); });
`;

const CONFIG = `name: site
services:
  catalog:
    command: [node, server.mjs]
    health: { ready: { http: /ready } }
    policy: { timeout: { request: 20s } }
    routes:
      - name: search
        match: { pathPrefix: /search }
        policy: { timeout: { request: 250ms } }
      - name: browse
        match: { pathPrefix: /browse, method: [GET] }
        policy: { retry: { limit: 3 } }
      - name: checkout
        match: { pathPrefix: /checkout }
        policy: { retry: { limit: 0 } }
ingress: { "*": catalog }
`;

function write(project: Project, config: string): void {
  project.write("server.mjs", SERVER);
  project.write("plinth.config.yaml", config);
}

for (const runtime of RUNTIMES) {
  suite(`routes, proxy on ${runtime}`, () => {
    test("a slow route times out and another does not, retries are each route's, and routes shows them", async () => {
      using project = createProject();
      write(project, CONFIG);
      await using plinth = createPlinth();
      await plinth.up(project.directory, "--proxy-runtime", runtime);

      const [late, patient] = await Promise.all([plinth.get("/search/slow"), plinth.get("/report/slow")]);
      assert.equal(late.status, 504);
      assert.match(late.body, /did not answer within 0\.25 s/);
      assert.deepEqual(patient, { status: 200, body: "1" });
      assert.equal((await plinth.get("/checkout/slow")).status, 200);

      assert.deepEqual(await plinth.get("/browse/bad"), { status: 503, body: "4" });
      assert.deepEqual(await plinth.get("/checkout/bad"), { status: 503, body: "1" });
      assert.deepEqual(await plinth.get("/report/bad"), { status: 503, body: "2" });
      assert.deepEqual(await plinth.get("/browse/%2e%2e/checkout/bad"), { status: 503, body: "2" });

      const routes = await plinth.until("every route was counted", async () => {
        const all = await plinth.json<RouteStat[]>("routes", "site");
        return all.length === 4 && all.every(({ rps }) => rps > 0) && all;
      });
      assert.deepEqual(routes.map(({ route }) => route).sort(), ["browse", "checkout", "default", "search"]);
      const { stdout } = await plinth.run(["routes"]);
      assert.match(stdout, /ingress +search +catalog/);
      assert.match(stdout, /ingress +checkout +catalog/);

      const before = await plinth.ps();
      write(project, CONFIG.replace("250ms", "20s"));
      const plan = await plinth.json<Plan>("plan", project.directory);
      const change = plan.changes.find(({ service }) => service === "catalog")!;
      assert.equal(change.action, "update");
      assert.deepEqual(change.fields, [
        { path: "routes.search.policy.timeout.request", before: "250ms", after: "20s" },
      ]);
      await plinth.up(project.directory);
      // Nothing was started, so nothing had to wait for the proxies: they hear of it a moment later.
      await plinth.until("the route has its new time", async () => {
        const { status } = await plinth.get("/search/slow");
        return status === 200;
      });
      assert.deepEqual(
        (await plinth.ps()).map(({ pid }) => pid),
        before.map(({ pid }) => pid),
      );
    });
  });
}

test("a config with wrong routes is told all that is wrong, each with its line", async () => {
  using project = createProject();
  write(
    project,
    `name: site
services:
  catalog:
    command: [node, server.mjs]
    routes:
      - name: search
        match: { path: search }
      - name: search
        match: { pathPrefix: /a//b }
      - name: empty
        match: {}
      - name: tired
        match: { path: /tired }
        policy: { timout: { request: 5 }, breaker: false }
      - name: all
        match: { pathPrefix: / }
      - name: never
        match: { path: /never, method: [GET] }
`,
  );
  await using plinth = createPlinth();
  const { code, stderr } = await plinth.run(["validate", project.directory]);
  assert.equal(code, EXIT_INVALID);
  for (const [line, said] of [
    [7, /"search" is not valid here/],
    [8, /another route is named "search"/],
    [9, /"\/a\/\/b" is no path as instances resolve it/],
    [11, /it is empty/],
    [14, /unknown key "timout"[^]*did you mean "timeout"/],
    [14, /unknown key "breaker"/],
    [18, /route "all" before it takes all of its requests/],
  ] as const) {
    assert.match(stderr, said);
    assert.match(stderr, new RegExp(`plinth\\.config\\.yaml:${line}:`), `line ${line} in ${stderr}`);
  }
});
