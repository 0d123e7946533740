import assert from "node:assert/strict";
import { lstat, mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { systemClock as clock } from "@plinth/clock";
import { Fault } from "@plinth/fault";
import { hexOf } from "../digest.ts";
import {
  type FakeBlobs,
  type FakeEntry,
  type FakeImage,
  fakeImage,
  writeFakeLayout,
} from "../fake-images.ts";
import type { ImageStore } from "./store.ts";
import { openImageStore } from "./open.ts";

interface Scene {
  readonly directory: string;
  readonly store: ImageStore;
  /** Writes a layout of the name and gives its reference. */
  readonly layout: (name: string, image: FakeImage | FakeBlobs) => Promise<string>;
}

async function scene(t: TestContext): Promise<Scene> {
  const directory = await mkdtemp(join(tmpdir(), "plinth-store-"));
  const store = await openImageStore(join(directory, "store"), { clock });
  t.after(async () => {
    await store[Symbol.asyncDispose]();
    await rm(directory, { recursive: true, force: true });
  });
  return {
    directory,
    store,
    async layout(name, image) {
      const path = join(directory, name);
      await writeFakeLayout(path, { latest: "blobs" in image ? image : fakeImage(image) });
      return `oci:${path}`;
    },
  };
}

async function bytesOf(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(stream));
}

function faultLike(code: Fault["code"], message: RegExp): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof Fault, String(error));
    assert.match(error.message, message);
    assert.equal(error.code, code);
    return true;
  };
}

const base = [
  { name: "etc", type: "directory" },
  { name: "etc/passwd", content: "root:x:0:0::/root:/bin/sh\nredis:x:999:998::/home/redis:/bin/sh\n" },
  { name: "etc/group", content: "redis:x:998:\nlogs:x:44:redis\n" },
] as const;

test("pull() of a layout unpacks each layer once, and images share it", async (t) => {
  const { store, layout } = await scene(t);
  const one = await store.pull(await layout("one", { layers: [base], config: { Cmd: ["one"] } }));
  const two = await store.pull(await layout("two", { layers: [base, [{ name: "app", content: "2" }]] }));
  assert.deepEqual(one.config.command, ["one"]);
  assert.deepEqual(
    two.layers.map(({ isUnpacked }) => isUnpacked),
    [true, true],
  );
  const [plan, planOfTwo] = [await store.mountPlan(one.digest), await store.mountPlan(two.digest)];
  assert.equal(planOfTwo.lowerdirs.at(-1), plan.lowerdirs[0]);
  assert.equal(await readFile(join(plan.directory, planOfTwo.lowerdirs[0]!, "app"), "utf8"), "2");
  assert.equal((await store.usage()).layers, 2);
  assert.deepEqual((await store.resolve(one.names[0]!.name)).digest, one.digest);
});

test("pull() that finds everything here asks for no layer again", async (t) => {
  const { directory, store, layout } = await scene(t);
  const image = fakeImage({ layers: [base] });
  const reference = await layout("one", image);
  await store.pull(reference);
  await rm(join(directory, "one", "blobs", "sha256", hexOf(image.layers[0]!.digest)));
  const kinds: string[] = [];
  const again = await store.pull(reference, {
    onProgress: (progress) =>
      kinds.push(progress.kind === "done" ? `done ${progress.wasThere}` : progress.kind),
  });
  assert.equal(again.digest, image.manifest.digest);
  assert.deepEqual(kinds, ["layers", "done true"]);
});

test("mountPlan() names a layer once that an image has twice", async (t) => {
  const { store, layout } = await scene(t);
  const extra = [{ name: "app", content: "2" }];
  const image = await store.pull(await layout("twice", { layers: [base, extra, base] }));
  const { lowerdirs } = await store.mountPlan(image.digest);
  assert.equal(lowerdirs.length, 2);
});

test("mountPlan() gives one merged layer where layers alone would change what lies below them", async (t) => {
  const { store, layout } = await scene(t);
  const below = [
    { name: "tmp", type: "directory", mode: 0o1777 },
    { name: "usr/lib", type: "directory" },
    { name: "lib", type: "symlink", target: "usr/lib" },
  ] as const;
  const ordinary = await store.pull(await layout("ordinary", { layers: [below, [{ name: "usr/lib/a" }]] }));
  assert.equal((await store.mountPlan(ordinary.digest)).lowerdirs.length, 2);
  const sticky = await store.pull(await layout("sticky", { layers: [below, [{ name: "tmp/a" }]] }));
  const plan = await store.mountPlan(sticky.digest);
  assert.equal(plan.lowerdirs.length, 1);
  const tmp = join(plan.directory, plan.lowerdirs[0]!, "tmp");
  assert.equal((await lstat(tmp)).mode & 0o7777, 0o1777);
  assert.deepEqual(await readdir(tmp), ["a"]);
  const linked = await store.pull(
    await layout("linked", { layers: [below, [{ name: "lib/b", content: "b" }]] }),
  );
  const planOfLinked = await store.mountPlan(linked.digest);
  const root = join(planOfLinked.directory, planOfLinked.lowerdirs[0]!);
  assert.equal(await readFile(join(root, "usr/lib/b"), "utf8"), "b");
  const named: readonly FakeEntry[] = [{ name: "lib/c" }, { name: "lib", type: "directory" }];
  const late = await store.pull(await layout("late", { layers: [below, named] }));
  const planOfLate = await store.mountPlan(late.digest);
  const merged = join(planOfLate.directory, planOfLate.lowerdirs[0]!);
  assert.deepEqual([await readdir(join(merged, "usr/lib")), await readdir(join(merged, "lib"))], [["c"], []]);
  await store.collect();
  assert.deepEqual(await store.mountPlan(linked.digest), planOfLinked);
  assert.equal((await store.usage()).layers, 5 + 3);
});

test("resolveUser() reads the image's own accounts, and no link leads out of the image", async (t) => {
  const { store, layout } = await scene(t);
  const image = await store.pull(await layout("users", { layers: [base] }));
  const user = { uid: 999, gid: 998, additionalGids: [44], name: "redis", home: "/home/redis" };
  assert.deepEqual(await store.resolveUser(image.digest, "redis"), user);
  assert.deepEqual(await store.resolveUser(image.digest, "999:logs"), {
    ...user,
    gid: 44,
    additionalGids: [],
  });
  const bare = { uid: 7, gid: 0, additionalGids: [], name: undefined, home: undefined };
  assert.deepEqual(await store.resolveUser(image.digest, "7"), bare);
  await assert.rejects(store.resolveUser(image.digest, "mysql"), faultLike("invalid", /no account "mysql"/));
  const linked = await store.pull(
    await layout("linked", { layers: [[{ name: "etc", type: "symlink", target: "../../../../../../etc" }]] }),
  );
  await assert.rejects(
    store.resolveUser(linked.digest, "daemon"),
    faultLike("invalid", /no account "daemon"/),
  );
  const hidden = await store.pull(await layout("hidden", { layers: [base, [{ name: "etc/.wh.passwd" }]] }));
  await assert.rejects(store.resolveUser(hidden.digest, "redis"), faultLike("invalid", /no account "redis"/));
});

test("pull() of an image whose layer is another than its config says keeps none of it", async (t) => {
  const { directory, store, layout } = await scene(t);
  const diffIds = [`sha256:${"0".repeat(64)}`];
  const reference = await layout("lying", { layers: [base], diffIds });
  await assert.rejects(store.pull(reference), faultLike("corrupt", /not what the image's config says/));
  assert.deepEqual(await readdir(join(directory, "store", "layers")), []);
  assert.deepEqual(await readdir(join(directory, "store", "staging")), []);
  assert.deepEqual(await store.list(), []);
});

test("pull() refuses blobs that are longer, shorter or other than their descriptors say", async (t) => {
  const { directory, store, layout } = await scene(t);
  const image = fakeImage({ layers: [base] });
  const { digest, bytes } = image.layers[0]!;
  const reference = await layout("lying", image);
  const path = join(directory, "lying", "blobs", "sha256", hexOf(digest));
  const content = await readFile(path);
  await writeFile(path, Buffer.concat([content, Buffer.from("x")]));
  await assert.rejects(store.pull(reference), faultLike("corrupt", /more than the \d+ bytes it promised/));
  content[bytes - 1]! ^= 1;
  await writeFile(path, content);
  await assert.rejects(store.pull(reference), faultLike("corrupt", /another digest/));
  await truncate(path, bytes - 1);
  await assert.rejects(store.pull(reference), faultLike("corrupt", /ended after/));
  assert.deepEqual(await readdir(join(directory, "store", "layers")), []);
});

test("pull() says what there is when the name or the platform is not", async (t) => {
  const { directory, store, layout } = await scene(t);
  const reference = await layout("one", { layers: [base] });
  await assert.rejects(store.pull(`${reference}:nope`), faultLike("not-found", /no image called "nope"/));
  await assert.rejects(store.pull(`oci:${directory}/none`), faultLike("not-found", /no such file/));
  const foreign = await layout("foreign", { layers: [base], architecture: "s390x" });
  await assert.rejects(store.pull(foreign), faultLike("unsupported", /is for linux\/s390x/));
});

test("collect() takes what no name, hold, keep or work refers to, and no layer that another image has", async (t) => {
  const { directory, store, layout } = await scene(t);
  const one = await store.pull(await layout("one", { layers: [base] }));
  const two = await store.pull(await layout("two", { layers: [base, [{ name: "app" }]] }), { pin: false });
  assert.equal((await store.collect({ keep: [two.digest] })).blobs, 0);
  await store.hold("daemon", [two.digest]);
  assert.equal((await store.collect()).blobs, 0);
  await store.hold("daemon", []);
  const collected = await store.collect();
  assert.deepEqual(collected.images, [{ digest: two.digest, names: two.names.map(({ name }) => name) }]);
  assert.deepEqual([collected.layers, collected.blobs], [1, 3]);
  assert.ok((await store.mountPlan(one.digest)).lowerdirs.length === 1);
  assert.equal(await store.remove(one.names[0]!.name), true);
  // What an attempt left that nobody goes on with.
  await writeFile(join(directory, "store", "partial", `sha256-${"0".repeat(64)}`), "part");
  await store.collect();
  assert.deepEqual(
    { ...(await store.usage()) },
    { images: 0, blobs: 0, blobBytes: 0, layers: 0, layerBytes: 0, partialBytes: 0 },
  );
});

test("import() takes what export() gives, names and all", async (t) => {
  const { directory, store, layout } = await scene(t);
  const image = await store.pull(await layout("one", { layers: [base] }), { name: "example.org/one:1" });
  const archive = await bytesOf(store.export(image.digest));
  await using other = await openImageStore(join(directory, "other"), { clock });
  async function* inPieces(): AsyncGenerator<Buffer> {
    for (let at = 0; at < archive.length; at += 777) yield archive.subarray(at, at + 777);
  }
  const [imported] = await other.import(inPieces());
  assert.equal(imported?.digest, image.digest);
  assert.deepEqual(
    imported.names.map(({ name }) => name),
    ["example.org/one:1"],
  );
  await writeFile(join(directory, "docker.tar"), archive);
  const docker = await other.pull(`docker-archive:${directory}/docker.tar`);
  assert.deepEqual(docker.config, image.config);
});

test("pulls and collections of several processes' stores run at once, and what is held stays whole", async (t) => {
  const { directory, store, layout } = await scene(t);
  await using other = await openImageStore(join(directory, "store"), { clock });
  const own = (name: string): FakeImage => ({ layers: [base, [{ name, content: name }]] });
  const names = ["a", "b", "c", "d"];
  const references = await Promise.all(names.map((name) => layout(name, own(name))));
  const digests = await Promise.all(references.map(async (each) => (await store.resolve(each)).digest));
  await other.hold("daemon", digests);
  const collections: Promise<unknown>[] = [];
  const onProgress = (): void => void collections.push(other.collect());
  await Promise.all(references.map((reference) => store.pull(reference, { pin: false, onProgress })));
  await Promise.all(collections);
  assert.ok(collections.length > names.length);
  assert.equal((await other.collect()).blobs, 0);
  for (const digest of digests) assert.equal((await other.mountPlan(digest)).lowerdirs.length, 2);
});

test("a pull that is called off leaves no name, and the next one goes on", async (t) => {
  const { directory, store, layout } = await scene(t);
  const reference = await layout("one", { layers: [base] });
  const controller = new AbortController();
  const called = store.pull(reference, {
    signal: controller.signal,
    onProgress: () => controller.abort(new Error("enough")),
  });
  await assert.rejects(called, /enough/);
  assert.deepEqual(await store.list(), []);
  assert.deepEqual(await readdir(join(directory, "store", "work")), []);
  assert.equal((await store.pull(reference)).layers.length, 1);
});
