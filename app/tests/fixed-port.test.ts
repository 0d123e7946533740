import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
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

test("what keeps a service from its port is told: another program has it, or it listens elsewhere", async () => {
  using project = createProject();
  const port = await freePort();
  site(project, port, "one");
  await using plinth = createPlinth();
  const other = createServer().listen(port, "127.0.0.1");
  await once(other, "listening");
  // A program that listens on all addresses would not notice.
  const taken = await plinth.run(["up", project.directory, "--detach", "--mesh", "cooperative"]);
  other.close();
  assert.equal(taken.code, 5, taken.stderr);
  assert.match(
    taken.stderr,
    new RegExp(`its port ${port} of 127\\.0\\.0\\.1: another program listens there`),
  );

  const own = await freePort();
  const elsewhere = `require("net").createServer().listen(${own})`;
  const startup = { tcp: true, period: "100ms", failureThreshold: 20 };
  project.configure({
    name: "site",
    services: { web: { command: ["node", "-e", elsewhere], health: { startup } } },
  });
  const { code, stderr } = await plinth.run(["up", project.directory, "--detach"]);
  assert.equal(code, 5, stderr);
  assert.match(stderr, new RegExp(`NotReady: .*; it listens on \\[::\\]:${own}\n`));
  assert.match(stderr, /It has to listen on \$HOST and \$PORT/);
});
