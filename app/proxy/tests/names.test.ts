import assert from "node:assert/strict";
import { Resolver } from "node:dns/promises";
import { test } from "node:test";
import { emptySnapshot, type Snapshot } from "@plinth/connect";
import { freePort, installedRuntimes, startProxy } from "../testing.ts";

for (const runtime of installedRuntimes()) {
  for (const successor of installedRuntimes()) {
    test(`names are answered by a proxy on ${runtime} and by the one on ${successor} that takes over`, async () => {
      const port = await freePort();
      const snapshot: Snapshot = {
        ...emptySnapshot,
        version: 1,
        sources: { "127.0.0.1": { app: "shop", service: "web", instance: "shop.web.b" } },
        dns: {
          address: "127.0.0.1",
          port,
          upstreams: [],
          names: { "shop.catalog": "10.213.128.1" },
          egress: {},
        },
      };
      await using proxy = await startProxy(runtime, snapshot);
      const resolver = new Resolver({ timeout: 2000, tries: 2 });
      resolver.setServers([`127.0.0.1:${port}`]);
      assert.deepEqual(await resolver.resolve4("catalog"), ["10.213.128.1"]);
      const before = proxy.pid;
      await proxy.control.upgrade(successor);
      assert.notEqual(proxy.pid, before);
      for (let asked = 0; asked < 20; asked++) {
        assert.deepEqual(await resolver.resolve4("catalog.shop.internal"), ["10.213.128.1"]);
      }
      await assert.rejects(resolver.resolve4("nothing"), { code: "ENOTFOUND" });
    });
  }
}
