import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { systemClock } from "@plinth/clock";
import { createRegistry } from "@plinth/registry";
import { openStore } from "@plinth/store";
import { sweepKeptSources } from "./kept-sources.ts";

test("sweepKeptSources() removes old copies that no release names, and only those", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "plinth-sources-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const sources = join(directory, "sources");
  await using store = await openStore(join(directory, "state"));
  const registry = createRegistry({ store });
  const digest = `sha256:${"a".repeat(64)}`;
  const spec = (copy: string) => ({
    services: { web: { command: ["x"], source: { directory: join(sources, copy, "web"), digest } } },
  });
  await registry.create("App", { metadata: { name: "site" }, spec: spec("asked") });
  await registry.create("Release", {
    metadata: { name: "site.1" },
    spec: { app: "site", number: 1, digest, ...spec("released") },
  });
  for (const name of ["asked", "released", "old", "young"]) {
    mkdirSync(join(sources, name), { recursive: true });
    if (name !== "young") utimesSync(join(sources, name), 1, 1);
  }
  await sweepKeptSources(sources, registry, systemClock);
  assert.deepEqual(readdirSync(sources).sort(), ["asked", "released", "young"]);
});
