import assert from "node:assert/strict";
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { Fault } from "@plinth/fault";
import { type FakeEntry, fakeEntry, fakeTar } from "../fake-images.ts";
import { TarReader } from "../tar/reader.ts";
import type { Deed } from "./deeds.ts";
import { type LayerSummary, LayerWriter } from "./layer-writer.ts";
import { ownRights, type Rights } from "./rights.ts";

/** A directory with something beside the image that nothing may touch. */
interface Scene {
  readonly root: string;
  readonly outside: string;
}

function scene(t: TestContext): Scene {
  const directory = mkdtempSync(join(tmpdir(), "plinth-layer-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const outside = join(directory, "outside");
  mkdirSync(outside);
  writeFileSync(join(outside, "secret"), "untouched");
  const root = join(directory, "root");
  mkdirSync(root, { mode: 0o700 });
  return { root, outside };
}

interface Unpacked {
  readonly summary: LayerSummary;
  readonly deeds: readonly Deed[];
}

async function unpack(
  { root }: Scene,
  layers: readonly (readonly FakeEntry[] | Buffer)[],
  whiteouts: "overlay" | "apply" = "overlay",
  rights: Rights = ownRights(),
): Promise<Unpacked> {
  const writer = new LayerWriter({ root, rights, whiteouts });
  const deeds: Deed[] = [];
  try {
    for (const layer of layers) {
      const reader = new TarReader(writer);
      reader.write(Buffer.isBuffer(layer) ? layer : fakeTar(layer));
      reader.end();
      writer.endLayer();
    }
    const summary = await writer.finish((more) => {
      deeds.push(...more);
      return Promise.resolve();
    });
    return { summary, deeds };
  } finally {
    writer.abandon();
  }
}

function assertUntouched({ outside }: Scene): void {
  assert.deepEqual(readdirSync(outside), ["secret"]);
  assert.equal(readFileSync(join(outside, "secret"), "utf8"), "untouched");
}

const link = (name: string, target: string): FakeEntry => ({ name, type: "symlink", target });
const hard = (name: string, target: string): FakeEntry => ({ name, type: "hard-link", target });
const folder = (name: string): FakeEntry => ({ name, type: "directory" });

const escapes: Readonly<Record<string, (outside: string) => readonly FakeEntry[]>> = {
  "a name with ..": () => [{ name: "../outside/new", content: "x" }],
  "a name with .. within": () => [folder("a"), { name: "a/../../outside/new", content: "x" }],
  "a hard link to the outside by ..": () => [hard("x", "../outside/secret"), { name: "x", content: "x" }],
  "a hard link to an absolute path": (outside) => [hard("x", join(outside, "secret"))],
  "a hard link through a symlink": (outside) => [link("out", outside), hard("x", "out/secret")],
  "a hard link through a relative symlink": () => [link("out", "../outside"), hard("x", "out/secret")],
  "a whiteout of ..": () => [{ name: "a/.wh..." }],
  "a file below a file": () => [
    { name: "a", content: "x" },
    { name: "a/b", content: "x" },
  ],
  "a symlink loop": () => [link("a", "b"), link("b", "a"), { name: "a/c", content: "x" }],
  "a name longer than Linux allows": () => [{ name: "n".repeat(256) }],
  "a path longer than Linux allows": () => [{ name: "d/".repeat(1800) + "f" }],
  "a hard link to a directory": () => [folder("d"), hard("x", "d")],
  "a whiteout device": () => [{ name: "x", type: "character" }],
};

for (const [what, entries] of Object.entries(escapes)) {
  test(`${what} is refused, and nothing outside of the image is touched`, async (t) => {
    const place = scene(t);
    await assert.rejects(
      unpack(place, [entries(place.outside)]),
      (error) => error instanceof Fault && error.code === "corrupt",
    );
    assertUntouched(place);
  });
}

const stays: Readonly<Record<string, readonly [(outside: string) => readonly FakeEntry[], string]>> = {
  "an absolute name": [(outside) => [{ name: join(outside, "secret"), content: "in" }], "*"],
  "a file through a symlink to an absolute path": [
    (outside) => [link("out", outside), { name: "out/secret", content: "in" }],
    "*",
  ],
  "a file through a symlink with ..": [
    () => [link("out", "../../../outside"), { name: "out/secret", content: "in" }],
    "outside/secret",
  ],
  "a file in place of a symlink": [
    (outside) => [link("x", join(outside, "secret")), { name: "x", content: "in" }],
    "x",
  ],
  "a directory in place of a symlink": [
    (outside) => [link("x", outside), folder("x"), { name: "x/secret", content: "in" }],
    "x/secret",
  ],
  "a symlink in place of a directory": [
    (outside) => [
      folder("d"),
      { name: "d/f", content: "x" },
      link("d", outside),
      { name: "d/secret", content: "in" },
    ],
    "*",
  ],
};

for (const [what, [entries, where]] of Object.entries(stays)) {
  test(`${what} stays in the image`, async (t) => {
    const place = scene(t);
    await unpack(place, [entries(place.outside)]);
    assertUntouched(place);
    const path = where === "*" ? `${place.outside.slice(1)}/secret` : where;
    assert.equal(readFileSync(join(place.root, path), "utf8"), "in");
  });
}

test("a hard link to a symlink links the symlink, not what it leads to", async (t) => {
  const place = scene(t);
  await unpack(place, [[link("a", join(place.outside, "secret")), hard("b", "a")]]);
  assert.equal(readlinkSync(join(place.root, "b")), join(place.outside, "secret"));
  assert.equal(lstatSync(join(place.outside, "secret")).nlink, 1);
});

test("the last entry of a name counts, and takes what came before with it", async (t) => {
  const place = scene(t);
  const { deeds } = await unpack(place, [
    [
      { name: "f", content: "1", xattrs: { "user.a": "1" } },
      { name: "f", content: "22", mode: 0o4711 },
      folder("d"),
      { name: "d/deep/x", content: "x", xattrs: { "user.a": "1" } },
      { name: "d", content: "file" },
    ],
  ]);
  assert.equal(readFileSync(join(place.root, "f"), "utf8"), "22");
  assert.equal(lstatSync(join(place.root, "f")).mode & 0o7777, 0o4711);
  assert.equal(readFileSync(join(place.root, "d"), "utf8"), "file");
  assert.deepEqual(deeds, []);
});

test("whiteouts become overlayfs's marks, and hide nothing of their own layer", async (t) => {
  const place = scene(t);
  const { summary, deeds } = await unpack(place, [
    [
      { name: "gone/.wh.file" },
      { name: "d/.wh..wh..opq" },
      { name: "d/new", content: "n" },
      { name: ".wh.both" },
      { name: "both" },
    ],
  ]);
  const at = (path: string): Buffer => Buffer.from(join(place.root, path));
  const node = { kind: "node", path: at("gone/file"), type: 0o020_000, major: 0, minor: 0 };
  assert.deepEqual(deeds[0], node);
  const name = `${ownRights().overlayXattrs}.overlay.opaque`;
  assert.deepEqual(deeds[1], { kind: "xattr", path: at("d"), name, value: Buffer.from("y") });
  assert.equal(deeds.length, 2);
  assert.deepEqual([summary.opaque, summary.implicit], [["d"], ["d", "gone"]]);
  assert.ok(lstatSync(join(place.root, "both")).isFile());
});

test("with apply, layers are laid one over the other in one directory", async (t) => {
  const place = scene(t);
  await unpack(
    place,
    [
      [{ name: "d/old" }, { name: "d/kept/x" }, { name: "o/old" }, { name: "f", content: "1" }],
      [
        { name: "d/.wh.old" },
        { name: "o/new" },
        { name: "o/.wh..wh..opq" },
        { name: ".wh.f" },
        { name: "f", content: "2" },
      ],
    ],
    "apply",
  );
  assert.deepEqual(readdirSync(join(place.root, "d")), ["kept"]);
  assert.deepEqual(readdirSync(join(place.root, "o")), ["new"]);
  assert.equal(readFileSync(join(place.root, "f"), "utf8"), "2");
});

test("an upper layer may remove more than a thousand directories", async (t) => {
  const place = scene(t);
  const numbers = Array.from({ length: 1100 }, (_, index) => index);
  const removals = numbers.map((number) => ({ name: `doc/.wh.d${number}` }));
  await unpack(place, [numbers.map((number) => folder(`doc/d${number}`)), removals], "apply");
  assert.deepEqual(readdirSync(join(place.root, "doc")), []);
});

test("attributes that could turn against the host are left out and counted", async (t) => {
  const place = scene(t);
  const xattrs = {
    "trusted.overlay.redirect": "/etc",
    "user.overlay.opaque": "y",
    "security.selinux": "x",
    "user.mine": "1",
  };
  const { summary, deeds } = await unpack(place, [[{ name: "f", xattrs }]]);
  assert.deepEqual(
    deeds.map((deed) => (deed.kind === "xattr" ? deed.name : deed.kind)),
    ["user.mine"],
  );
  assert.deepEqual(summary.notices, {
    "extended attributes left out: trusted.*": 1,
    "extended attributes left out: user.*": 1,
    "extended attributes left out: security.*": 1,
  });
});

test("bytes that are no UTF-8 are names as well as any others", async (t) => {
  const place = scene(t);
  await unpack(place, [[{ name: "\xff\xfe", content: "x" }, link("l\xe9", "t\xe9")]]);
  const names = readdirSync(place.root, { encoding: "latin1" });
  assert.deepEqual(names.sort(), ["l\xe9", "\xff\xfe"].sort());
  const at = Buffer.concat([Buffer.from(`${place.root}/l`), Buffer.from([0xe9])]);
  assert.equal(readlinkSync(at, { encoding: "latin1" }), "t\xe9");
});

test("a layer that is cut off or not a tar file is refused", async (t) => {
  const place = scene(t);
  const whole = Buffer.concat(fakeEntry({ name: "f", content: "x".repeat(2000) }));
  await assert.rejects(unpack(place, [whole.subarray(0, 1500)]), /ends too soon/);
  await assert.rejects(unpack(place, [Buffer.alloc(512, "x")]), Fault);
});

/** Of an ordinary user, who may give files to ids from 1 to 9. */
const maps = {
  uid: [
    { containerID: 0, hostID: 1000, size: 1 },
    { containerID: 1, hostID: 200_000, size: 9 },
  ],
  gid: [
    { containerID: 0, hostID: 1000, size: 1 },
    { containerID: 1, hostID: 200_000, size: 9 },
  ],
  byTools: true,
};
const ordinary: Rights = { owner: undefined, maps, makesDevices: false, overlayXattrs: "user" };

test("without root, files are given away last, and no link is followed for that", async (t) => {
  const place = scene(t);
  const owned = { uid: 5, gid: 6 };
  const { deeds, summary } = await unpack(
    place,
    [
      [
        { ...folder("kept"), ...owned, mode: 0o700 },
        { name: "kept/program", content: "", ...owned, mode: 0o4755 },
        { name: "far", content: "", uid: 10, gid: 0 },
        // What is replaced by a link is not what was to be given away.
        { name: "once", content: "", ...owned, mode: 0o6777 },
        { ...link("once", join(place.outside, "secret")), ...owned, mode: 0o6777 },
        { ...folder("folder"), ...owned },
        { name: "folder/secret", content: "", ...owned, mode: 0o6777 },
        { ...link("folder", place.outside), ...owned },
      ],
    ],
    "overlay",
    ordinary,
  );
  const gifts = deeds.map((deed) => `${deed.kind} ${deed.path.toString().slice(place.root.length + 1)}`);
  assert.deepEqual(gifts.sort(), [
    "mode kept/program",
    "owner folder",
    "owner kept",
    "owner kept/program",
    "owner once",
  ]);
  assert.deepEqual(
    new Set(deeds.map((deed) => (deed.kind === "owner" ? `${deed.uid}:${deed.gid}` : "5:6"))),
    new Set(["5:6"]),
  );
  assert.deepEqual(summary.notices, {
    "owners left out: beyond the subordinate ids; root's in the image": 1,
  });
  assertUntouched(place);
});

test("without subordinate ids all is root's, which is said", async (t) => {
  const { deeds, summary } = await unpack(
    scene(t),
    [
      [
        { name: "file", content: "", uid: 5, gid: 6 },
        { name: "roots", content: "" },
      ],
    ],
    "overlay",
    { ...ordinary, maps: undefined },
  );
  assert.deepEqual(deeds, []);
  assert.deepEqual(
    Object.entries(summary.notices).map(([text, count]) => [text.slice(0, 15), count]),
    [["owners left out", 1]],
  );
});
