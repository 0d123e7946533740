import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { gzipSync } from "node:zlib";
import { systemClock as clock } from "@plinth/clock";
import { Fault } from "@plinth/fault";
import { type FakeEntry, fakeImage, fakeTar } from "../fake-images.ts";
import { openImageStore } from "../store/open.ts";
import type { ImageStore } from "../store/store.ts";

const layer = [{ name: "file", content: "x" }];
const image = fakeImage({ layers: [layer], compression: "none" });
const config = image.blobs.get(image.config.digest)!;

interface Scene {
  readonly store: ImageStore;
  /** Writes an archive; gives its reference. */
  readonly archive: (entries: readonly FakeEntry[], compress?: boolean) => Promise<string>;
}

async function scene(t: TestContext): Promise<Scene> {
  const directory = await mkdtemp(join(tmpdir(), "plinth-archive-"));
  const store = await openImageStore(join(directory, "store"), { clock });
  t.after(async () => {
    await store[Symbol.asyncDispose]();
    await rm(directory, { recursive: true, force: true });
  });
  return {
    store,
    async archive(entries, compress = false) {
      const path = join(directory, "a.tar");
      await writeFile(path, compress ? gzipSync(fakeTar(entries)) : fakeTar(entries));
      return `archive:${path}`;
    },
  };
}

function saved(
  names: readonly string[] | null,
  layers: readonly string[],
  configPath = "config.json",
): FakeEntry {
  return {
    name: "manifest.json",
    content: JSON.stringify([{ Config: configPath, RepoTags: names, Layers: layers }]),
  };
}

test("an archive of older Docker, where layers are links to each other, is read; compressed, too", async (t) => {
  const { store, archive } = await scene(t);
  const entries: readonly FakeEntry[] = [
    { name: "one/layer.tar", content: fakeTar(layer) },
    { name: "two/layer.tar", type: "symlink", target: "../one/layer.tar" },
    { name: "./config.json", content: config },
    saved(["app:1"], ["two/layer.tar"]),
  ];
  const plain = await store.pull(await archive(entries));
  const compressed = await store.pull(await archive(entries, true));
  assert.equal(plain.digest, compressed.digest);
  assert.equal(plain.configDigest, image.config.digest);
});

const broken: Readonly<Record<string, readonly [entries: readonly FakeEntry[], message: RegExp]>> = {
  "without a word of what is in it": [[{ name: "file", content: "x" }], /no archive of an image/],
  "whose config is missing": [[saved(null, [])], /has no config\.json/],
  "whose layer is missing": [
    [saved(null, ["gone.tar"]), { name: "config.json", content: config }],
    /has no gone\.tar/,
  ],
  "whose layer is a link to itself": [
    [
      { name: "l.tar", type: "symlink", target: "l.tar" },
      saved(null, ["l.tar"]),
      { name: "config.json", content: config },
    ],
    /has no l\.tar/,
  ],
  "whose layer leads out of it": [
    [
      { name: "l.tar", type: "symlink", target: "/etc/passwd" },
      saved(null, ["l.tar"]),
      { name: "config.json", content: config },
    ],
    /has no l\.tar/,
  ],
  "whose config says other layers": [
    [
      { name: "l.tar", content: fakeTar([{ name: "other" }]) },
      saved(null, ["l.tar"]),
      { name: "config.json", content: config },
    ],
    /not what the image's config says/,
  ],
  "with more layers than its config": [
    [
      { name: "l.tar", content: fakeTar(layer) },
      saved(null, ["l.tar", "l.tar"]),
      { name: "config.json", content: config },
    ],
    /2 layers, and its config names 1/,
  ],
  "whose list is no JSON": [[{ name: "manifest.json", content: "[{" }], /no JSON/],
};

for (const [what, [entries, message]] of Object.entries(broken)) {
  test(`an archive ${what} is refused`, async (t) => {
    const { store, archive } = await scene(t);
    const reference = await archive(entries);
    await assert.rejects(store.pull(reference), (error) => {
      assert.ok(error instanceof Fault, String(error));
      assert.match(error.message, message);
      return true;
    });
    assert.deepEqual(await store.list(), []);
  });
}
