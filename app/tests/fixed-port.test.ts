import assert from "node:assert/strict";
import { test } from "node:test";
import { freePort } from "@plinth/process/testing";
import { createPlinth, createProject, type Project, serverSaying, startLoad } from "./index.ts";

function site(project: Project, port: number, text: string): void {
  project.write("server.mjs", serverSaying(text));
  project.configure({
    name: "site",
    services: { web: { command: ["node", "server.mjs"], port } },
    ingress: { "*": "web" },
  });
}

test("a service on a fixed port is replaced stop-first while the proxy holds its requests", async () => {
  using project = createProject();
  const port = await freePort();
  site(project, port, "one");
  await using plinth = createPlinth();
  await plinth.up(project.directory);
  const plan = await plinth.run(["plan", project.directory]);
  assert.equal(plan.code, 0);
  await using load = startLoad({ port: await plinth.ingressPort() });
  await load.more(50);
  site(project, port, "two");
  assert.match((await plinth.run(["plan", project.directory])).stdout, /stop-first/);
  await plinth.up(project.directory);
  await load.more(50);
  const report = await load.stop();
  assert.deepEqual(report.failures, {});
  assert.match((await plinth.get("/")).body, /"two"/);
});
