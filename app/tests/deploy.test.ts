import assert from "node:assert/strict";
import { test } from "node:test";
import { createPlinth, createProject, RUNTIMES, serverSaying, startLoad } from "./index.ts";

const config = (replicas: number) => ({
  name: "site",
  services: {
    web: { command: ["node", "server.mjs"], cwd: "web", replicas, health: { ready: { http: "/" } } },
    other: { command: ["node", "server.mjs"], cwd: "other" },
  },
  ingress: { "*": "web", "other.localhost": "other" },
});

for (const runtime of RUNTIMES) {
  test(`deploy, rollback and scaling under steady load fail no request and replace only what changed, on ${runtime}`, async () => {
    using project = createProject();
    project.write("web/server.mjs", serverSaying("one"));
    project.write("other/server.mjs", serverSaying("other"));
    project.configure(config(2));
    await using plinth = createPlinth();
    await plinth.up(project.directory, "--proxy-runtime", runtime);
    assert.match((await plinth.get("/")).body, /"one"/);
    const otherPid = (await plinth.ps()).find(({ service }) => service === "other")?.pid;

    await using load = startLoad({ port: await plinth.ingressPort() });
    await load.more(200);
    project.write("web/server.mjs", serverSaying("two"));
    await plinth.up(project.directory);
    await load.more(200);
    assert.match((await plinth.get("/")).body, /"two"/);

    assert.equal((await plinth.run(["rollback", "site"])).code, 0);
    await plinth.until("the first release answers", async () =>
      (await plinth.get("/")).body.includes('"one"'),
    );
    await load.more(200);

    assert.equal((await plinth.run(["scale", "web=4"])).code, 0);
    await plinth.until("four instances are ready", async () => {
      const rows = (await plinth.ps()).filter(({ service, ready }) => service === "web" && ready);
      return rows.length === 4;
    });
    await load.more(200);
    assert.equal((await plinth.run(["scale", "web=1"])).code, 0);
    await plinth.until(
      "one instance is left",
      async () => (await plinth.ps()).filter(({ service }) => service === "web").length === 1,
    );
    await load.more(200);

    const report = await load.stop();
    assert.deepEqual(report.failures, {});
    assert.ok(report.requests > 1000);
    const otherNow = (await plinth.ps()).find(({ service }) => service === "other");
    assert.equal(otherNow?.pid, otherPid, "an untouched service keeps its process");
    assert.equal(otherNow?.restarts, 0);
  });
}
