import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { systemClock } from "@plinth/clock";
import { createLog } from "@plinth/log";
import { createRegistry } from "@plinth/registry";
import { openStore } from "@plinth/store";
import { keepSourcesSwept } from "./kept-sources.ts";

const HOUR_MS = 3_600_000;

test("keepSourcesSwept() removes copies that no release names any more for as long as the daemon lives", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "plinth-sources-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const sources = join(directory, "sources");
  for (const name of ["used", "old"]) mkdirSync(join(sources, name), { recursive: true });
  await using store = await openStore(join(directory, "state"));
  const registry = createRegistry({ store });
  const source = { directory: join(sources, "used"), digest: "a" };
  await registry.create("App", {
    metadata: { name: "shop" },
    spec: { services: { web: { command: ["serve"], source } } },
  });

  const ended = new AbortController();
  const sleeps: PromiseWithResolvers<void>[] = [];
  let laterMs = 0;
  const clock = {
    ...systemClock,
    now: () => systemClock.now() + laterMs,
    sleep: () => {
      sleeps.push(Promise.withResolvers());
      if (sleeps.length === 2) ended.abort();
      return sleeps.at(-1)!.promise;
    },
  };
  const log = createLog({ write: () => {} });
  const swept = keepSourcesSwept(sources, { registry, clock, log, signal: ended.signal });
  while (sleeps.length === 0) await systemClock.sleep(1);
  assert.deepEqual(readdirSync(sources), ["old", "used"]);
  laterMs = 2 * HOUR_MS;
  sleeps[0]!.resolve();
  while (sleeps.length === 1) await systemClock.sleep(1);
  sleeps[1]!.resolve();
  await swept;
  assert.deepEqual(readdirSync(sources), ["used"]);
});
