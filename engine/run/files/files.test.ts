import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fakeTar } from "../image/fake-images.ts";
import { readTree } from "./read-tree.ts";
import { writeTree } from "./write-tree.ts";

/** A container's root, and beside it what is outside of it. */
function scene(): Disposable & { readonly root: string; readonly outside: string } {
  const directory = mkdtempSync(join(tmpdir(), "plinth-files-"));
  const [root, outside] = [join(directory, "root"), join(directory, "outside")];
  for (const path of [join(root, "etc"), join(root, "data"), outside]) mkdirSync(path, { recursive: true });
  writeFileSync(join(root, "etc", "shadow"), "the container's");
  writeFileSync(join(outside, "shadow"), "the machine's");
  return { root, outside, [Symbol.dispose]: () => rmSync(directory, { recursive: true, force: true }) };
}

const { signal } = new AbortController();

async function archiveOf(root: string, path: string): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(readTree(root, path, { signal })));
}

async function* pieces(content: Buffer, bytes = 700): AsyncGenerator<Buffer> {
  for (let at = 0; at < content.length; at += bytes) yield content.subarray(at, at + bytes);
}

test("what readTree() gives, writeTree() makes again: content, modes and links", async () => {
  using place = scene();
  const { root } = place;
  mkdirSync(join(root, "data", "a", "ünder"), { recursive: true });
  const content = Buffer.alloc(700_001, "xyz");
  writeFileSync(join(root, "data", "a", "big"), content);
  writeFileSync(join(root, "data", "a", "ünder", "run"), "#!");
  chmodSync(join(root, "data", "a", "ünder", "run"), 0o4755);
  symlinkSync("/nowhere", join(root, "data", "a", "link"));
  const archive = await archiveOf(root, "/data/a");
  const written = await writeTree(root, "/data/b", pieces(archive));
  assert.deepEqual(written, { files: 2, bytes: content.length + 2 });
  assert.deepEqual(readFileSync(join(root, "data/b/big")), content);
  assert.equal(statSync(join(root, "data/b/ünder/run")).mode & 0o7777, 0o755, "no rights are lent");
  assert.equal(readlinkSync(join(root, "data/b/link")), "/nowhere");
  // Into a folder that is there, under its own name.
  await writeTree(root, "/etc", pieces(await archiveOf(root, "/data/a/big")));
  assert.deepEqual(readFileSync(join(root, "etc/big")), content);
  const listed = execFileSync("tar", ["-t"], { input: archive, encoding: "utf8" }).trim().split("\n");
  assert.deepEqual(listed.length, 5, "tar reads it as well");
});

test("links of a container lead nowhere but below its root, both ways", async () => {
  using place = scene();
  const { root, outside } = place;
  symlinkSync(outside, join(root, "data", "absolute"));
  symlinkSync("../../../../../../etc", join(root, "data", "upwards"));
  symlinkSync("/etc", join(root, "data", "etc"));
  symlinkSync("loop", join(root, "data", "loop"));
  for (const way of [
    "/data/upwards/shadow",
    "/data/etc/shadow",
    "/../../etc/shadow",
    "/data/../etc/./shadow",
  ])
    assert.match((await archiveOf(root, way)).toString(), /the container's/, way);
  await assert.rejects(archiveOf(root, "/data/absolute/shadow"), { code: "not-found" });
  await assert.rejects(archiveOf(root, "/data/loop/x"), { code: "invalid", message: /more than 40 links/ });
  const archive = await archiveOf(root, "/etc/shadow");
  await assert.rejects(writeTree(root, "/data/absolute/shadow", pieces(archive)), { code: "not-found" });
  await writeTree(root, "/data/etc/copy", pieces(archive));
  assert.equal(readFileSync(join(root, "etc/copy"), "utf8"), "the container's");
  // A link that is written to is replaced, not followed.
  symlinkSync(join(outside, "shadow"), join(root, "data", "target"));
  await writeTree(root, "/data/target", pieces(archive));
  assert.equal(lstatSync(join(root, "data/target")).isFile(), true);
  assert.equal(readFileSync(join(outside, "shadow"), "utf8"), "the machine's");
});

test("names in an archive lead nowhere else", async () => {
  using place = scene();
  const { root, outside } = place;
  const hostile = [
    [{ name: "../x", content: "out" }],
    [
      { name: "a/", type: "directory" as const },
      { name: "a/../../x", content: "out" },
    ],
    [
      { name: "a/", type: "directory" as const },
      { name: "a/l", type: "symlink" as const, target: outside },
      { name: "a/l/x", content: "out" },
    ],
    [
      { name: "a", content: "1" },
      { name: "b", content: "2" },
    ],
    [{ name: "a", type: "hard-link" as const, target: "etc/shadow" }],
    [{ name: "a", type: "block" as const, deviceMajor: 8 }],
  ];
  for (const entries of hostile) {
    await assert.rejects(writeTree(root, "/data", pieces(fakeTar(entries))), JSON.stringify(entries));
    assert.equal(existsSync(join(outside, "x")), false);
    assert.equal(existsSync(join(root, "x")), false);
  }
  const whole = fakeTar([{ name: "a", content: "x".repeat(2000) }]);
  await assert.rejects(writeTree(root, "/etc/", pieces(whole.subarray(0, 1200))), { code: "corrupt" });
});

test("a folder that is swapped for a link while it is read gives nothing from outside", async () => {
  using place = scene();
  const { root, outside } = place;
  mkdirSync(join(root, "data", "a"));
  for (let count = 0; count < 50; count++) writeFileSync(join(root, "data", "a", `f${count}`), "inside");
  for (let round = 0; round < 20; round++) {
    let swapped = false;
    try {
      for await (const piece of readTree(root, "/data/a", { signal })) {
        assert.doesNotMatch(piece.toString("latin1"), /the machine's/);
        if (swapped) continue;
        swapped = true;
        renameSync(join(root, "data", "a"), join(root, "data", "kept"));
        symlinkSync(outside, join(root, "data", "a"));
      }
    } finally {
      rmSync(join(root, "data", "a"));
      renameSync(join(root, "data", "kept"), join(root, "data", "a"));
    }
  }
  const open = readdirSync("/proc/self/fd").length;
  await archiveOf(root, "/data/a");
  assert.equal(readdirSync("/proc/self/fd").length, open, "no descriptor is left");
});

test("pipes do not hold up who reads a folder, and are told of", async () => {
  using place = scene();
  execFileSync("mkfifo", [join(place.root, "data", "pipe")]);
  writeFileSync(join(place.root, "data", "file"), "content");
  const leftOut: string[] = [];
  const parts = await Array.fromAsync(
    readTree(place.root, "/data", { signal, onLeftOut: (path) => void leftOut.push(path) }),
  );
  assert.match(Buffer.concat(parts).toString(), /content/);
  assert.deepEqual(leftOut, ["data/pipe"]);
  await assert.rejects(archiveOf(place.root, "/data/pipe"), { code: "unsupported" });
});
