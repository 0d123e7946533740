import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { test } from "node:test";
import type { EdgeStat } from "@plinth/resource";
import { freePort } from "@plinth/process/testing";
import { createPlinth, createProject, RUNTIMES, serverSaying, startLoad } from "./index.ts";

/** A program that runs by itself. */
async function program(port: number, text: string): Promise<Server> {
  const server = createServer((_, response) => response.end(text));
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return server;
}

async function stop(server: Server): Promise<void> {
  server.closeAllConnections();
  server.close();
  await once(server, "close");
}

for (const runtime of RUNTIMES) {
  test(`what runs by itself is balanced, published and called by name while one of it goes and comes back, on ${runtime}`, async () => {
    const [one, other, published] = [await freePort(), await freePort(), await freePort()];
    await using stack = new AsyncDisposableStack();
    const first = await program(one, "one");
    stack.defer(() => first.closeAllConnections());
    const second = await program(other, "other");
    stack.defer(() => stop(second));
    using project = createProject();
    project.write("front.mjs", serverSaying("front"));
    const health = { ready: { http: "/", period: "100ms", failureThreshold: 1 } };
    const configure = (more: object): void =>
      project.configure({
        name: "outside",
        services: {
          old: {
            address: [`127.0.0.1:${one}`, `localhost:${other}`],
            publish: [String(published)],
            health,
            ...more,
          },
          front: { command: ["node", "front.mjs"] },
        },
        ingress: { "*": "front", "old.localhost": "old" },
      });
    configure({});
    await using plinth = createPlinth();
    await plinth.up(project.directory, "--proxy-runtime", runtime);
    assert.deepEqual(
      (await plinth.ps())
        .filter(({ service }) => service === "old")
        .map(({ driver, address, state, pid }) => `${driver} ${address} ${state} ${pid}`)
        .sort(),
      [`external 127.0.0.1:${one} Ready null`, `external localhost:${other} Ready null`],
    );

    await using load = startLoad({ port: published });
    await load.more(100);
    await stop(first);
    await plinth.until("its end is seen", async () =>
      (await plinth.ps()).some(({ address, state }) => address === `127.0.0.1:${one}` && state === "Unready"),
    );
    await load.more(100);
    const again = await program(one, "one");
    stack.defer(() => stop(again));
    await plinth.until("it is back", async () => (await plinth.ps()).every(({ state }) => state === "Ready"));
    // Another release under load, and the ends of both: nothing of theirs is touched.
    configure({ policy: { timeout: { request: "5s" } } });
    await plinth.up(project.directory);
    await load.more(100);
    assert.deepEqual((await load.stop()).failures, {});

    const { address, port } = await plinth.json<{ address: string; port: number }>(
      "url",
      "outside/old",
      "--as",
      "report",
    );
    assert.match(await (await fetch(`http://${address}:${port}/`)).text(), /^(one|other)$/);
    await plinth.until("its calls are shown as its own", async () => {
      const edges = await plinth.json<EdgeStat[]>("edges");
      return edges.some(({ caller, callee }) => caller === "report" && callee.endsWith("old"));
    });
    assert.equal((await plinth.run(["url", "outside/old", "--as", "report", "--revoke"])).code, 0);
    await assert.rejects(once(connect(port, address), "connect"), { code: "ECONNREFUSED" });
    assert.equal((await plinth.run(["down", "outside"])).code, 0);
    assert.equal(await (await fetch(`http://127.0.0.1:${one}/`)).text(), "one");
  });
}

test("a published port is the app's, though Plinth's own ingress would have had it", async () => {
  await using plinth = createPlinth();
  using project = createProject();
  project.write("web.mjs", serverSaying("web"));
  const configure = (name: string, more: object): void =>
    project.configure({ name, services: { web: { command: ["node", "web.mjs"], ...more } } });
  configure("first", {});
  await plinth.up(project.directory);
  const taken = await plinth.ingressPort();
  configure("second", { publish: [`0.0.0.0:${taken}`] });
  await plinth.up(project.directory);
  assert.notEqual(await plinth.ingressPort(), taken);
  await plinth.until("the app is there", async () =>
    (await (await fetch(`http://127.0.0.1:${taken}/`)).text()).includes('"text":"web"'),
  );
  const busy = await program(await freePort(), "busy");
  const { port } = busy.address() as AddressInfo;
  configure("second", { publish: [`0.0.0.0:${taken}`, String(port)] });
  const late = await plinth.run(["up", project.directory, "--detach"]);
  assert.notEqual(late.code, 0);
  assert.match(
    late.stderr,
    new RegExp(`port ${port} cannot be published on 127\\.0\\.0\\.1: another program`),
  );
  await stop(busy);
  await plinth.up(project.directory);
  // An address that people have been told stays where it is.
  project.configure({
    name: "third",
    services: { web: { command: ["node", "web.mjs"] } },
    ingress: { "third.localhost": "web" },
  });
  await plinth.up(project.directory);
  configure("fourth", { publish: [String(await plinth.ingressPort())] });
  const { code, stderr } = await plinth.run(["up", project.directory, "--detach"]);
  assert.notEqual(code, 0);
  assert.match(stderr, /is Plinth's own already, for its ingress; publish another one/);
});
