import assert from "node:assert/strict";
import { test } from "node:test";
import { createPlinth, createProject, serverSaying } from "./index.ts";

test("homes that start at the same moment get ports and addresses of their own", async () => {
  const names = ["one", "two", "three"];
  await using setup = new AsyncDisposableStack();
  const homes = names.map((name) => {
    const project = setup.use(createProject());
    project.write("server.mjs", serverSaying(name));
    project.configure({
      name: "site",
      services: {
        web: { command: ["node", "server.mjs"], calls: ["back"], env: { KEY: "${PORT}" } },
        back: { command: ["node", "server.mjs"] },
      },
      ingress: { "*": "web" },
    });
    return { name, project, plinth: setup.use(createPlinth()) };
  });
  await Promise.all(homes.map(({ plinth, project }) => plinth.up(project.directory)));
  const listening = new Set<string>();
  for (const { name, plinth } of homes) {
    assert.match((await plinth.get("/")).body, new RegExp(`"${name}"`));
    const status = await plinth.status();
    const { status: service } = await plinth.json<{ status: { addresses: Record<string, string> } }>(
      "get",
      "service",
      "site.back",
    );
    const own = [
      ...status.listening.map(({ address, port }) => `${address}:${port}`),
      ...(await plinth.ps()).map(({ address }) => address),
      ...Object.values(service.addresses),
    ];
    for (const address of own) {
      assert.ok(!listening.has(address), `${address} is given out twice`);
      listening.add(address);
    }
  }
});
