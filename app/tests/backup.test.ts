import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { createPlinth, createProject } from "./index.ts";
import { serverSaying } from "./project.ts";

const SECRET = "a-word-nobody-guesses";

test("a home that is backed up while it is written to comes back elsewhere with apps, secrets and stores' data", async () => {
  const directory = mkdtempSync(join(tmpdir(), "plinth-backup-"));
  try {
    using project = createProject();
    project.write("server.mjs", serverSaying("here"));
    project.configure({
      name: "shop",
      services: {
        web: { command: ["node", "server.mjs"], calls: ["state"], env: { KEY: { secret: "api-key" } } },
      },
      stores: { state: {}, jobs: {} },
      ingress: { "*": "web" },
    });
    const file = join(directory, "home.tar");
    /** How many writes were acknowledged before the backup began. */
    let acknowledged = 0;
    {
      await using plinth = createPlinth();
      await plinth.run(["up", project.directory, "--detach"]); // refused, but the daemon is up
      await plinth.run(["secrets", "set", "api-key"], SECRET);
      await plinth.up(project.directory);
      const put = async (index: number): Promise<void> => {
        const { code, stderr } = await plinth.run([
          "kv",
          "put",
          `k/${index}`,
          `v${index}`,
          "--store",
          "state",
        ]);
        assert.equal(code, 0, stderr);
      };
      await put(0);
      await plinth.json("kv", "put", "job", "1", "--store", "shop/jobs");
      const writes = new AbortController();
      let written = 1;
      const writing = (async () => {
        for (; !writes.signal.aborted; written++) await put(written);
      })();
      await plinth.until("some writes are acknowledged", async () => written > 3);
      acknowledged = written;
      const { stores } = await plinth.json<{ stores: { store: string }[] }>("backup", file);
      assert.deepEqual(
        stores.map(({ store }) => store),
        ["jobs", "state"],
      );
      writes.abort();
      await writing;
      await plinth.json("kv", "put", "after", "1", "--store", "state");
    }

    const home = join(directory, "home");
    await using restored = createPlinth({}, home);
    await restored.json("backup", "verify", file);
    await restored.json("restore", file);
    await restored.up(project.directory);
    assert.match((await restored.get("/")).body, new RegExp(SECRET));
    const found = await restored.json<{ items: { key: string; value: string }[] }>(
      "kv",
      "get",
      "",
      "--prefix",
      "--store",
      "state",
    );
    const values = new Map(found.items.map(({ key, value }) => [key, value]));
    for (let index = 0; index < acknowledged; index++) assert.equal(values.get(`k/${index}`), `v${index}`);
    assert.equal(values.has("after"), false);
    const job = await restored.json<{ items: { value: string }[] }>("kv", "get", "job", "--store", "jobs");
    assert.equal(job.items[0]?.value, "1");
    // The files it was deployed from are those of the backup, in the new home: no new release was needed.
    const releases = await restored.json<{
      items: { spec: { services: Record<string, { source?: { directory: string } }> } }[];
    }>("get", "releases");
    assert.equal(releases.items.length, 1);
    assert.ok(releases.items[0]!.spec.services["web"]!.source!.directory.startsWith(`${home}/sources/`));
    const refused = await restored.run(["restore", file]);
    assert.deepEqual([refused.code, /something in it/.test(refused.stderr)], [7, true]);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
