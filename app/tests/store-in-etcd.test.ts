import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { openClient } from "@plinth/store";
import { startRealCluster, startRealEtcd } from "@plinth/store/testing";
import { createPlinth, createProject, startLoad } from "./index.ts";
import { allReady, oneService } from "./site.ts";

test("a home keeps its state in etcd: a new daemon finds it there, another home does not get it, its loss stops no app", async (t) => {
  const etcd = await startRealEtcd();
  if (etcd === undefined) {
    t.skip("etcd is not installed");
    return;
  }
  await using cluster = etcd;
  const url = `etcd://127.0.0.1:${cluster.port}/team`;
  using project = createProject();
  oneService(project);
  await using plinth = createPlinth();
  await plinth.up(project.directory, "--store", url);
  assert.equal((await plinth.status()).store.etcd, url);
  assert.deepEqual(readdirSync(join(plinth.home, "state")), []);
  const [before] = await plinth.ps();

  const daemon = await plinth.pidOf("daemon");
  process.kill(daemon, "SIGKILL");
  await plinth.until("another daemon answers", async () => (await plinth.pidOf("daemon")) !== daemon);
  const [after] = await plinth.ps();
  assert.equal(after?.pid, before?.pid);
  assert.equal((await plinth.get("/")).status, 200);
  const shown = await plinth.run(["status"]);
  assert.match(shown.stdout, new RegExp(`^Store: ${url}$`, "m"));

  await using other = createPlinth();
  const refused = await other.run(["up", project.directory, "--detach", "--store", url]);
  assert.notEqual(refused.code, 0);
  assert.match(refused.stderr, /Cannot use the store in etcd: ".*" uses it/);
  const moved = await plinth.run(["up", project.directory, "--detach", "--store", "etcd://127.0.0.1:1"]);
  assert.match(moved.stderr, /Cannot use --store etcd:\/\/127\.0\.0\.1:1: Plinth is running with etcd:/);

  await cluster[Symbol.asyncDispose]();
  await plinth.until("the loss is said", async () => (await plinth.status()).store.readOnly !== null);
  assert.equal((await plinth.get("/")).status, 200);
  const down = await plinth.run(["down", "--all"]);
  assert.equal(down.code, 0, down.stderr);
});

/** Each request writes a key of its own. What may or may not have been written is written once more: it is the same. */
const WRITER = `import { createServer } from "node:http";
import { randomUUID } from "node:crypto";
const { openClient, OutcomeUnknownError } = await import(${JSON.stringify(import.meta.resolve("@plinth/store"))});
const store = openClient(process.env.PLINTH_STATE_URL, { timeoutMs: 20_000 });
const server = createServer(async (request, response) => {
  const key = "written/" + randomUUID();
  for (;;) {
    try {
      await store.put(key, "");
      return response.end("written");
    } catch (error) {
      if (error instanceof OutcomeUnknownError) continue;
      response.statusCode = 500;
      return response.end(String(error));
    }
  }
});
server.listen(Number(process.env.PORT), process.env.HOST);
process.on("SIGTERM", () => server.close(() => store[Symbol.asyncDispose]()));
`;

test("members of a cluster are killed in turn while the control plane and an app run on it: deploys succeed, no request fails, no write is lost", async (t) => {
  const real = await startRealCluster();
  if (real === undefined) {
    t.skip("etcd is not installed");
    return;
  }
  await using cluster = real;
  const url = `etcd://${cluster.endpoints.join(",")}`;
  using project = createProject();
  const configure = (release: number): void => {
    project.write("writer.mjs", `${WRITER}// release ${release}\n`);
    project.configure({
      name: "site",
      stores: { state: { url } },
      services: { web: { command: ["node", "writer.mjs"], replicas: 2, calls: ["state"] } },
      ingress: { "*": "web" },
    });
  };
  configure(0);
  await using plinth = createPlinth();
  await plinth.up(project.directory, "--store", url);
  await allReady(plinth, 2);
  await using load = startLoad({ port: await plinth.ingressPort(), clients: 4 });
  await load.more(20);
  for (const member of cluster.endpoints.keys()) {
    await cluster.kill(member);
    configure(member + 1);
    await plinth.up(project.directory);
    await load.more(20);
    await cluster.start(member);
    await load.more(20);
  }
  const { failures, requests } = await load.stop();
  assert.deepEqual(failures, {});
  await using store = openClient(url);
  const { count } = await store.range({ prefix: "written/" }, { limit: 1 });
  assert.ok(count >= requests, `${count} keys of ${requests} answers`);

  const daemon = await plinth.pidOf("daemon");
  process.kill(daemon, "SIGKILL");
  await plinth.until("another daemon answers", async () => (await plinth.pidOf("daemon")) !== daemon);
  assert.equal((await plinth.status()).store.readOnly, null);
  assert.equal((await allReady(plinth, 2))[0]!.release, 4);
});
