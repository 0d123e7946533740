/** A pull killed at any moment leaves a store that goes on as if nothing had been. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { seededRandom, systemClock as clock } from "@plinth/clock";
import { fakeImage, writeFakeLayout } from "../fake-images.ts";
import { openImageStore } from "./open.ts";

const ROUNDS = process.env["PLINTH_SOAK"] === "1" ? 60 : 2;
/** A pull of the image below takes about so long, with the start of the process. */
const PULL_MS = 600;

/** Pulls, collects and pulls in turn, until it is killed. */
const program = `
  import { openImageStore } from ${JSON.stringify(new URL("./open.ts", import.meta.url).href)};
  import { systemClock as clock } from "@plinth/clock";
  const [directory, ...references] = process.argv.slice(1);
  const store = await openImageStore(directory, { clock });
  console.log("begun");
  for (;;) {
    for (const reference of references) await store.pull(reference, { pin: false });
    await store.collect();
  }
`;

test(`kill -9 while pulling and collecting loses nothing and leaves nothing, ${ROUNDS} times`, async (t) => {
  const directory = await mkdtemp(join(tmpdir(), "plinth-crash-"));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const shared = [{ name: "shared", content: randomBytes(200_000) }];
  const images = [1, 2].map((number) =>
    fakeImage({
      layers: [shared, [{ name: "own", content: randomBytes(200_000 * number) }, { name: "d/.wh.x" }]],
    }),
  );
  const references = await Promise.all(
    images.map(async (image, index) => {
      const path = join(directory, `layout-${index}`);
      await writeFakeLayout(path, { image });
      return `oci:${path}`;
    }),
  );
  const random = seededRandom(7);
  const root = join(directory, "store");
  for (let round = 0; round < ROUNDS; round++) {
    const child = spawn(process.execPath, ["--input-type=module", "-e", program, root, ...references], {
      cwd: import.meta.dirname,
      stdio: ["ignore", "pipe", "inherit"],
    });
    const exited = once(child, "exit") as Promise<[number | null, string | null]>;
    await Promise.race([once(child.stdout, "data"), exited]);
    await clock.sleep(random() * PULL_MS);
    child.kill("SIGKILL");
    const [, signal] = await exited;
    assert.equal(signal, "SIGKILL", "it goes on until it is killed");
    // Whatever is here is whole, and what is missing comes.
    await using store = await openImageStore(root, { clock });
    for (const [index, reference] of references.entries()) {
      const image = await store.pull(reference, { name: `kept-${index}` });
      assert.equal(image.digest, images[index]!.manifest.digest);
      const { directory: links, lowerdirs } = await store.mountPlan(image.digest);
      for (const each of lowerdirs) assert.notEqual((await readdir(join(links, each))).length, 0);
    }
    assert.equal((await store.collect()).layers, 0);
    for (const [index] of references.entries()) await store.remove(`kept-${index}`);
    await store.collect();
    const { partialBytes, ...usage } = await store.usage();
    assert.deepEqual(usage, { images: 0, blobs: 0, blobBytes: 0, layers: 0, layerBytes: 0 });
    assert.equal(partialBytes, 0);
    for (const left of ["staging", "trash", "work", "l", "partial"]) {
      assert.deepEqual(await readdir(join(root, left)), [], left);
    }
  }
});
