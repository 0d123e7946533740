import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { Fault } from "@plinth/fault";
import { createRegistry } from "@plinth/registry";
import { openMvcc, openStore, sealSnapshot } from "@plinth/store";
import * as fc from "fast-check";
import { canMount, inNamespace, MOUNT, runCli, temporaryDirectory } from "../testing.ts";
import { ArchiveWriter } from "./archive-writer.ts";
import { FORMAT, names, type Part } from "./manifest.ts";
import { readArchive } from "./read-archive.ts";
import { restoreBackup, verifyBackup } from "./restore-backup.ts";
import { BLOCK_BYTES, decodeHeader, encodeHeader, END, paddingOf, type TarEntry } from "./tar.ts";

const { signal } = new AbortController();
const KEPT = "a".repeat(64);
const LONG = `sources/${KEPT}/${"ü".repeat(60)}/${"long".repeat(30)}.js`;

async function* inPieces(bytes: Buffer, length: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}

const isCorrupt = (error: unknown): boolean => error instanceof Fault && error.code === "corrupt";

/** An archive of these entries, its manifest included, whatever they are called. */
function archiveOf(
  entries: readonly (readonly [entry: Omit<TarEntry, "bytes">, content: Buffer])[],
  home: string,
): Buffer {
  const blocks: Buffer[] = [];
  const parts: Part[] = [];
  const add = (entry: Omit<TarEntry, "bytes">, content: Buffer): void => {
    const bytes = content.length;
    blocks.push(encodeHeader({ ...entry, bytes }), content, Buffer.alloc(paddingOf(bytes)));
    const sha256 = entry.type === "file" ? createHash("sha256").update(content).digest("hex") : "";
    parts.push({ ...entry, bytes, sha256 });
  };
  const file = (name: string): Omit<TarEntry, "bytes"> => ({ name, type: "file", mode: 0o600, target: "" });
  add(file(names.format), Buffer.from(`${FORMAT}\n`));
  for (const [entry, content] of entries) add(entry, content);
  const manifest = { format: FORMAT, version: "0", createdAt: "", home, without: [], parts: parts.slice(1) };
  const text = Buffer.from(JSON.stringify(manifest));
  add(file(names.manifest), text);
  add(file(names.manifestDigest), Buffer.from(`${createHash("sha256").update(text).digest("hex")}\n`));
  return Buffer.concat([...blocks, END]);
}

/** A small backup as `plinth backup` writes one. */
async function sampleBackup(
  context: TestContext,
): Promise<{ readonly file: string; readonly directory: string }> {
  const directory = temporaryDirectory(context);
  const file = join(directory, "home.tar");
  await using state = await openStore(join(directory, "state"));
  const registry = createRegistry({ store: state });
  const service = { command: ["x"], source: { directory: `/old/sources/${KEPT}/web`, digest: "sha256:1" } };
  await registry.create("App", { metadata: { name: "shop" }, spec: { services: { web: service } } });
  const instance = { app: "shop", service: "web", release: 1, revision: "r", driver: "process", port: 1 };
  await registry.create("Instance", { metadata: { name: "shop.web.a" }, spec: instance });
  await registry.create("Instance", {
    metadata: { name: "shop.web.b" },
    spec: { ...instance, host: "beta" },
  });
  await using store = await openMvcc(join(directory, "data"));
  await store.put({ key: "k", value: Buffer.from("v"), lease: 0n });
  await using archive = await ArchiveWriter.create(file);
  const add = async (
    name: string,
    content: AsyncIterable<Uint8Array> | Buffer,
    more: object = {},
  ): Promise<Part> => archive.add({ name, type: "file", mode: 0o600, target: "", ...more }, content);
  await add(names.format, Buffer.from(`${FORMAT}\n`));
  archive.parts.pop();
  await add(names.state, state.snapshot());
  for (const path of ["", `/${"ü".repeat(60)}`]) {
    await add(`sources/${KEPT}${path}`, Buffer.alloc(0), { type: "directory", mode: 0o755 });
  }
  await add(LONG, Buffer.from("program"), { mode: 0o755 });
  await add(`sources/${KEPT}/node_modules`, Buffer.alloc(0), {
    type: "link",
    mode: 0o777,
    target: "/elsewhere",
  });
  await add(
    names.settings,
    Buffer.from(JSON.stringify({ id: "old", block: 3, portChunks: [7], ingressPort: 8080 })),
  );
  await add("keys/secrets.key", Buffer.alloc(32, 1));
  await add("stores/shop/state.snapshot", sealSnapshot(store.snapshot()));
  const manifest = {
    format: FORMAT,
    version: "0",
    createdAt: "",
    home: "/old",
    without: [],
    parts: [...archive.parts],
  };
  const text = Buffer.from(JSON.stringify(manifest));
  await add(names.manifest, text);
  await add(names.manifestDigest, Buffer.from(`${createHash("sha256").update(text).digest("hex")}\n`));
  await archive.finish();
  return { file, directory };
}

/** What a version to come may write: more than its name is not known of it. */
function laterBackup(): Buffer {
  const name = Buffer.from("plinth-backup/10\n");
  const header = { name: names.format, type: "file", mode: 0o600, target: "", bytes: name.length } as const;
  return Buffer.concat([encodeHeader(header), name, Buffer.alloc(paddingOf(name.length)), END]);
}

test("decodeHeader() reads what encodeHeader() writes, and nothing else", () => {
  fc.assert(
    fc.property(
      fc.record({
        name: fc.string({ minLength: 1, maxLength: 99, unit: fc.constantFrom("a", "/", "Z", "-", ".") }),
        type: fc.constantFrom("file" as const, "directory" as const, "link" as const),
        mode: fc.integer({ min: 0, max: 0o777 }),
        bytes: fc.oneof(fc.maxSafeNat(), fc.nat()),
        target: fc.string({ maxLength: 99, unit: fc.constantFrom("x", "/", ".") }),
      }),
      fc.nat(511),
      fc.nat(7),
      (entry, at, bit) => {
        const block = encodeHeader(entry);
        assert.deepEqual(decodeHeader(block)?.entry, { ...entry });
        block[at]! ^= 1 << bit;
        assert.throws(() => decodeHeader(block), isCorrupt);
      },
    ),
  );
});

test("a backup is what tar(1) reads, long names and links included", async (context) => {
  const { file } = await sampleBackup(context);
  const listed = spawnSync("tar", ["--quoting-style=literal", "-tf", file], {
    encoding: "utf8",
    env: { ...process.env, LC_ALL: "C.UTF-8" },
  });
  assert.equal(listed.status, 0, listed.stderr);
  assert.ok(listed.stdout.split("\n").includes(LONG), listed.stdout);
  assert.equal(statSync(file).mode & 0o777, 0o600);
});

test("restoreBackup() makes the home, in another place with claims of its own", async (context) => {
  const { file, directory } = await sampleBackup(context);
  const home = join(directory, "deep", "home");
  const { missing } = await restoreBackup(file, home, { signal });
  assert.deepEqual(missing, ["/elsewhere"]);
  assert.equal(readFileSync(join(home, LONG), "utf8"), "program");
  assert.equal(statSync(join(home, LONG)).mode & 0o777, 0o755);
  assert.equal(statSync(home).mode & 0o777, 0o700);
  assert.equal(statSync(join(home, "keys", "secrets.key")).mode & 0o777, 0o600);
  const settings = JSON.parse(readFileSync(join(home, "settings.json"), "utf8")) as Record<string, unknown>;
  assert.notEqual(settings["id"], "old");
  assert.deepEqual([settings["ingressPort"], settings["portChunks"]], [8080, []]);
  await using state = await openStore(join(home, "state"));
  const registry = createRegistry({ store: state });
  const { source } = registry.get("App", "shop")!.spec.services["web"]!;
  assert.equal(source?.directory, `${home}/sources/${KEPT}/web`);
  assert.deepEqual(
    registry.list("Instance").map(({ metadata }) => metadata.name),
    ["shop.web.b"],
  );
  await using store = await openMvcc(join(home, "data", "shop", "state"));
  assert.equal(Buffer.from(store.range({ key: "k" }).kvs[0]!.value).toString(), "v");
  await assert.rejects(restoreBackup(file, home, { signal }), {
    code: "conflict",
    message: /there is something in it/,
  });
  assert.deepEqual(readdirSync(join(directory, "deep")), ["home"]);
});

test("verifyBackup() finds every flipped bit and every cut", async (context) => {
  const { file, directory } = await sampleBackup(context);
  assert.equal((await verifyBackup(file, { signal })).parts.length, 8);
  const whole = readFileSync(file);
  const read = (bytes: Buffer): Promise<unknown> =>
    readArchive(inPieces(bytes, 1000), async (_entry, content) => {
      for await (const _ of content);
    });
  const broken = join(directory, "broken.tar");
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(7), async (at, bit) => {
      const flipped = Buffer.from(whole);
      flipped[at]! ^= 1 << bit;
      await assert.rejects(read(flipped), (error) => error instanceof Fault, `byte ${at}, bit ${bit}`);
      await assert.rejects(read(whole.subarray(0, at)), isCorrupt);
    }),
    { numRuns: 300 },
  );
  await assert.rejects(read(Buffer.concat([whole, Buffer.of(0)])), isCorrupt);
  writeFileSync(broken, whole.subarray(0, whole.length / 2));
  const home = join(directory, "home");
  await assert.rejects(restoreBackup(broken, home, { signal }), { message: /broken\.tar.*cut off/ });
  assert.ok(!readdirSync(directory).some((name) => name.startsWith("home") && name !== "home.tar"));
});

test("readArchive() takes a long name in no other form than it is written in", async () => {
  const entry = { name: LONG, type: "file", mode: 0o644, target: "" } as const;
  const whole = archiveOf([[entry, Buffer.from("program")]], "/old");
  const read = (bytes: Buffer): Promise<unknown> =>
    readArchive(inPieces(bytes, 4096), async (_entry, content) => {
      for await (const _ of content);
    });
  await read(whole);
  const start = 2 * BLOCK_BYTES; // behind the format
  for (let at = start; at < start + encodeHeader({ ...entry, bytes: 7 }).length; at++) {
    const flipped = Buffer.from(whole);
    flipped[at]! ^= 1 << (at % 8);
    await assert.rejects(read(flipped), isCorrupt, `byte ${at}`);
  }
  // A length that goes beyond its record.
  const digit = whole.indexOf(" path=") - 3;
  const longer = Buffer.from(whole);
  longer[digit]! += 1;
  await assert.rejects(read(longer), isCorrupt);
});

test("restoreBackup() that is interrupted ends with the signal's reason and leaves nothing", async (context) => {
  const { file, directory } = await sampleBackup(context);
  const before = readdirSync(directory);
  const reason = new Error("interrupted");
  const options = { signal: AbortSignal.abort(reason) };
  await assert.rejects(restoreBackup(file, join(directory, "home"), options), reason);
  assert.deepEqual(readdirSync(directory), before);
});

test("restoreBackup() lets nothing leave the home", async (context) => {
  const directory = temporaryDirectory(context);
  const file = join(directory, "evil.tar");
  const content = Buffer.from("evil");
  const plain = { type: "file", mode: 0o600, target: "" } as const;
  const link = { name: `sources/${KEPT}/out`, type: "link", mode: 0o777, target: directory } as const;
  for (const entries of [
    [[{ ...plain, name: "../evil" }, content]],
    [[{ ...plain, name: `sources/${KEPT}/../../../evil` }, content]],
    [[{ ...plain, name: `${directory}/evil` }, content]],
    [[{ ...plain, name: "sources/./evil" }, content]],
    [[{ ...plain, name: "token" }, content]],
    [[{ ...plain, name: "keys/../evil.key" }, content]],
    [[{ ...link, name: "keys/secrets.key" }, Buffer.alloc(0)]],
    [[{ ...plain, name: `sources/${KEPT}/program`, mode: 0o4755 }, content]],
    [
      [link, Buffer.alloc(0)],
      [{ ...plain, name: `sources/${KEPT}/out/evil` }, content],
    ],
    [
      [{ ...plain, name: names.settings }, content],
      [{ ...plain, name: names.settings }, content],
    ],
  ] as const) {
    writeFileSync(file, archiveOf(entries, "/old"));
    const home = join(directory, "home");
    await assert.rejects(restoreBackup(file, home, { signal }), entries[0][0].name);
    assert.deepEqual(readdirSync(directory), ["evil.tar"], entries[0][0].name);
  }
});

test(
  "restore on a full disk says so and leaves nothing",
  { skip: canMount() ? false : "user namespaces may not mount here" },
  async (context) => {
    const { file, directory } = await sampleBackup(context);
    const small = join(directory, "small");
    mkdirSync(small);
    const main = new URL("../main.ts", import.meta.url).pathname;
    const script = `${MOUNT}; "$3" "$4" restore "$5" --home "$1/home" || code=$?; ls "$1"; exit $code`;
    // Too small from the start, and for the store's file while it is made and while it is changed.
    for (const [size, why] of [
      ["8k", /it needs .* at least, and the disk has/],
      ["16k", /the disk is full/],
      ["64k", /the disk is full/],
    ] as const) {
      const [program, ...words] = inNamespace(script, small, size, process.execPath, main, file);
      const { status, stdout, stderr } = spawnSync(program!, words, { encoding: "utf8" });
      assert.equal(status, 1, `${size}: ${stderr}`);
      assert.match(stderr, /error: Cannot restore /, size);
      assert.match(stderr, why, size);
      assert.doesNotMatch(stderr, /bug/, size);
      assert.equal(stdout, "", size);
    }
  },
);

test(
  "restore says that a mount point cannot become a home, and leaves nothing",
  { skip: canMount() ? false : "user namespaces may not mount here" },
  async (context) => {
    const { file, directory } = await sampleBackup(context);
    const volume = join(directory, "volume");
    mkdirSync(volume);
    const main = new URL("../main.ts", import.meta.url).pathname;
    const script = `${MOUNT}; exec "$3" "$4" restore "$5" --home "$1"`;
    const before = readdirSync(directory);
    const [program, ...words] = inNamespace(script, volume, "10m", process.execPath, main, file);
    const { status, stderr } = spawnSync(program!, words, { encoding: "utf8" });
    assert.equal(status, 7, stderr);
    assert.match(stderr, /It is a mount point: choose a directory below it/);
    assert.deepEqual(readdirSync(directory), before);
  },
);

test("backup and restore say what is in the way before they begin", async (context) => {
  const { file, directory } = await sampleBackup(context);
  const exists = await runCli(["backup", file], { home: directory });
  assert.deepEqual([exists.code, /there already/.test(exists.stderr)], [7, true]);
  const nothing = await runCli(["backup", join(directory, "new.tar")], { home: join(directory, "none") });
  assert.equal(nothing.code, 4, nothing.stderr);
  const occupied = await runCli(["restore", file, "--home", directory]);
  assert.deepEqual([occupied.code, /something in it/.test(occupied.stderr)], [7, true]);
  const missing = await runCli(["restore", join(directory, "no.tar"), "--home", join(directory, "h")]);
  assert.deepEqual([missing.code, /no such file/.test(missing.stderr)], [1, true]);
  for (const [name, content, why] of [
    ["text", "root:x:0:0\n".repeat(100), /"text": it is not a backup of Plinth's\n$/],
    ["empty", "", /it is not a backup of Plinth's\n$/],
    ["later", laterBackup(), /its format is "plinth-backup\/10", not "plinth-backup\/1"/],
  ] as const) {
    writeFileSync(join(directory, name), content);
    const refused = await runCli(["backup", "verify", name], { cwd: directory });
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, why);
  }
  const verified = await runCli(["backup", "verify", file, "--json"]);
  const { stores, parts } = JSON.parse(verified.stdout) as { stores: object[]; parts: number };
  assert.deepEqual([stores.length, parts], [1, 8]);
});
