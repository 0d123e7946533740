import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { createServer } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { createPlinth, createProject, type Plinth, serverSaying } from "./index.ts";
import { oneService } from "./site.ts";

const EXIT_INVALID = 3;

interface Answer {
  readonly status: number;
  readonly body: string;
}

async function apiPort(plinth: Plinth): Promise<number> {
  const { listening } = await plinth.status();
  return listening.find(({ name }) => name === "api")!.port;
}

async function call(
  port: number,
  path: string,
  headers: Record<string, string>,
  method = "GET",
  body?: string,
): Promise<Answer> {
  const outgoing = request({ host: "127.0.0.1", port, path, method, headers, agent: false });
  outgoing.end(body);
  const [response] = (await once(outgoing, "response")) as [import("node:http").IncomingMessage];
  return { status: response.statusCode!, body: await text(response) };
}

test("the API lets nobody in: no token, wrong token, foreign Host, foreign Origin, unknown route", async () => {
  using project = createProject();
  project.write("server.mjs", serverSaying("here"));
  project.configure({ name: "site", services: { web: { command: ["node", "server.mjs"] } } });
  await using plinth = createPlinth();
  await plinth.up(project.directory);
  const port = await apiPort(plinth);
  const path = "/apis/plinth.dev/v1/apps";
  const token = readFileSync(join(plinth.home, "token"), "utf8").trim();
  const bearer = { authorization: `Bearer ${token}` };
  assert.equal((await call(port, path, bearer)).status, 200);
  assert.equal((await call(port, path, {})).status, 401);
  assert.equal((await call(port, path, { authorization: `Bearer ${token}x` })).status, 401);
  assert.equal((await call(port, path, { authorization: "Bearer " })).status, 401);
  assert.equal((await call(port, path, { ...bearer, host: "evil.example" })).status, 403);
  assert.equal((await call(port, path, { ...bearer, origin: "http://evil.example" })).status, 403);
  assert.equal((await call(port, "/apis/plinth.dev/v1/nothing", bearer)).status, 404);
  assert.equal((await call(port, "/apis/plinth.dev/v1/nothing", {})).status, 401);
  const stale = JSON.stringify({
    apiVersion: "plinth.dev/v1",
    kind: "App",
    metadata: { name: "site", resourceVersion: "1" },
    spec: { services: { web: { command: ["true"] } } },
  });
  const json = { ...bearer, "content-type": "application/json" };
  assert.equal((await call(port, `${path}/site`, json, "PUT", stale)).status, 409);
});

test("hostile names and misspelt keys are refused all at once, and what runs is left alone", async () => {
  using project = createProject();
  oneService(project);
  await using plinth = createPlinth();
  await plinth.up(project.directory);
  for (const name of ["a;b", "a|b", "a&b", "$(id)", "`id`", "a\nb", "-rf", "..", "../x", "A", "__proto__"]) {
    project.configure({
      name: "site",
      services: { [name]: { command: ["true"] }, web: { command: ["node", "server.mjs"] } },
    });
    const { code, stderr } = await plinth.run(["up", project.directory, "--detach"]);
    assert.equal(code, EXIT_INVALID, `${name}: ${stderr}`);
  }
  project.configure({
    name: "site",
    services: { web: { comand: ["true"], replicas: "two", calls: ["wbe"] } },
  });
  const { code, stderr } = await plinth.run(["validate", project.directory]);
  assert.equal(code, EXIT_INVALID);
  assert.match(stderr, /comand/);
  assert.match(stderr, /command/);
  assert.match(stderr, /replicas/);
  assert.match((await plinth.get("/")).body, /"here"/);
});

test("a taken ingress port is said with its number, and a second home finds ports of its own", async () => {
  using project = createProject();
  project.write("server.mjs", serverSaying("one"));
  project.configure({
    name: "site",
    services: { web: { command: ["node", "server.mjs"] } },
    ingress: { "*": "web" },
  });
  const squatter = createServer().listen(0, "127.0.0.1");
  await once(squatter, "listening");
  const { port } = squatter.address() as { port: number };
  await using plinth = createPlinth();
  const refused = await plinth.run(["up", project.directory, "--detach", "--ingress-port", String(port)]);
  assert.notEqual(refused.code, 0);
  assert.match(refused.stderr, new RegExp(String(port)));
  squatter.close();
  await plinth.up(project.directory, "--ingress-port", String(port));
  assert.equal(await plinth.ingressPort(), port);

  using other = createProject();
  other.write("server.mjs", serverSaying("two"));
  other.configure({
    name: "site",
    services: { web: { command: ["node", "server.mjs"] } },
    ingress: { "*": "web" },
  });
  await using second = createPlinth();
  await second.up(other.directory);
  assert.notEqual(await second.ingressPort(), port);
  assert.match((await plinth.get("/")).body, /"one"/);
  assert.match((await second.get("/")).body, /"two"/);
});

test("a second daemon in one home is refused while the first goes on", async () => {
  using project = createProject();
  oneService(project);
  await using plinth = createPlinth();
  await plinth.up(project.directory);
  const { spawnSync } = await import("node:child_process");
  const main = new URL("../daemon/main.ts", import.meta.url).pathname;
  const second = spawnSync(process.execPath, [main, "--home", plinth.home], { encoding: "utf8" });
  assert.notEqual(second.status, 0);
  assert.match(second.stderr, /runs already/);
  assert.match((await plinth.get("/")).body, /"here"/);
});

test("a config that throws, never ends or is enormous is refused with its reason", async () => {
  await using plinth = createPlinth();
  using project = createProject();
  project.write("plinth.config.ts", `throw new Error("the moon is wrong");`);
  const thrown = await plinth.run(["up", project.directory, "--detach"]);
  assert.equal(thrown.code, EXIT_INVALID);
  assert.match(thrown.stderr, /the moon is wrong/);
  project.write("plinth.config.ts", "for (;;);");
  const endless = await plinth.run(["validate", project.directory]);
  assert.equal(endless.code, EXIT_INVALID);
  assert.match(endless.stderr, /10 s/);
  using big = createProject();
  writeFileSync(join(big.directory, "plinth.config.json"), Buffer.alloc(100 * 2 ** 20, 0x20));
  const huge = await plinth.run(["validate", big.directory]);
  assert.equal(huge.code, EXIT_INVALID);
  assert.match(huge.stderr, /100/);
});

test("an instance that listens wider than loopback is flagged in ps and status", async () => {
  using project = createProject();
  project.write("server.mjs", serverSaying("wide").replace("process.env.HOST,", `"0.0.0.0",`));
  project.configure({
    name: "site",
    services: { web: { command: ["node", "server.mjs"] } },
    ingress: { "*": "web" },
  });
  await using plinth = createPlinth();
  await plinth.up(project.directory);
  const [row] = await plinth.until("it is flagged", async () => {
    const rows = await plinth.ps();
    return typeof rows[0]?.exposed === "string" && rows;
  });
  assert.match(row!.exposed ?? "", /0\.0\.0\.0/);
  assert.match((await plinth.run(["status"])).stderr, /beyond loopback/);
});
