import assert from "node:assert/strict";
import { test } from "node:test";
import { createPlinth, createProject, serverSaying, startLoad } from "./index.ts";
import { oneService } from "./site.ts";

const ROUNDS = Math.max(2, Math.ceil(Number(process.env["PLINTH_ROUNDS"] ?? 10) / 3));

test("upgrading the proxy under load, to another runtime and back, fails no request", async () => {
  using project = createProject();
  project.write("server.mjs", serverSaying("here"));
  project.configure({
    name: "site",
    services: { web: { command: ["node", "server.mjs"], replicas: 2 } },
    ingress: { "*": "web" },
  });
  await using plinth = createPlinth();
  await plinth.up(project.directory);
  await using load = startLoad({ port: await plinth.ingressPort() });
  for (let round = 0; round < ROUNDS; round++) {
    const runtime = round % 2 === 0 ? "bun" : "node";
    await load.more(150);
    const before = await plinth.pidOf("proxy");
    await plinth.json("upgrade", "--runtime", runtime);
    await load.more(150);
    const { processes } = await plinth.status();
    const now = processes.find(({ name }) => name === "proxy");
    assert.notEqual(now?.pid, before);
    assert.match(now?.runtime ?? "", new RegExp(runtime));
  }
  const report = await load.stop();
  assert.deepEqual(report.failures, {});
});

test("a proxy that was upgraded to another runtime stays on it when daemon and proxy die", async () => {
  using project = createProject();
  oneService(project);
  await using plinth = createPlinth();
  await plinth.up(project.directory);
  await plinth.json("upgrade", "--runtime", "bun");
  for (const name of ["daemon", "proxy"]) process.kill(await plinth.pidOf(name), "SIGKILL");
  const proxy = await plinth.until("another proxy serves", async () => {
    if ((await plinth.get("/")).status !== 200) return undefined;
    return (await plinth.status()).processes.find(({ name }) => name === "proxy");
  });
  assert.match(proxy.runtime, /bun/);
});

test("a request under way in a proxy that has handed over outlives a deploy", async () => {
  using project = createProject();
  const server = (says: string): string => `import { createServer } from "node:http";
createServer((request, response) => {
  setTimeout(() => response.end(${JSON.stringify(says)}), request.url === "/slow" ? 5000 : 0);
}).listen(Number(process.env.PORT), process.env.HOST);`;
  oneService(project, server("one"));
  await using plinth = createPlinth();
  await plinth.up(project.directory);
  const slow = plinth.get("/slow");
  slow.catch(() => undefined);
  await plinth.get("/");
  await plinth.json("upgrade", "--runtime", "node");
  project.write("server.mjs", server("two"));
  await plinth.up(project.directory);
  assert.equal((await plinth.get("/")).body, "two");
  assert.deepEqual(await slow, { status: 200, body: "one" });
});
