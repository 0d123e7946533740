import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import fc from "fast-check";
import { systemClock as clock } from "@plinth/clock";
import { messageOf } from "@plinth/fault";
import { type FakeEntry, fakeImage, fakeTar, writeFakeLayout } from "../fake-images.ts";
import { openImageStore } from "../store/open.ts";
import { TarReader } from "../tar/reader.ts";
import { LayerWriter } from "./layer-writer.ts";
import { randomLayers } from "./random-images.ts";
import { ownRights } from "./rights.ts";

const IS_SOAK = process.env["PLINTH_SOAK"] === "1";

function temporary(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "plinth-random-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Content of files, "/" for directories, "-> TARGET" for symlinks. */
type Model = Map<string, string>;

function under(model: Model, path: string): string[] {
  return [...model.keys()].filter((each) => each.startsWith(`${path}/`));
}

/** What the image specification says of layers, in so few words. */
function applyTo(model: Model, layer: readonly FakeEntry[]): void {
  const forget = (path: string): void => {
    for (const each of [path, ...under(model, path)]) model.delete(each);
  };
  for (const { name } of layer) {
    const [, directory = "", base = ""] = /^(.*\/)?\.wh\.([^/]+)$/.exec(name) ?? [];
    if (base === ".wh..opq") for (const each of under(model, directory.slice(0, -1))) model.delete(each);
    else if (base !== "") forget(`${directory}${base}`);
  }
  for (const { name, type, content, target } of layer) {
    const parts = name.split("/");
    const isMark = parts.at(-1)!.startsWith(".wh.");
    for (let depth = 1; depth < parts.length; depth++) {
      const parent = parts.slice(0, depth).join("/");
      // A mark in a directory that is not there makes none when layers are laid over each other.
      if (!isMark && model.get(parent) !== "/") {
        forget(parent);
        model.set(parent, "/");
      }
    }
    if (isMark) continue;
    if (type !== "directory" || model.get(name) !== "/") forget(name);
    model.set(name, type === "directory" ? "/" : type === "symlink" ? `-> ${target}` : String(content));
  }
}

function isPlain(layers: readonly (readonly FakeEntry[])[]): boolean {
  return layers.every((layer) => layer.every(({ type }) => type !== "symlink"));
}

function treeOf(root: string): Model {
  const names = readdirSync(root, { recursive: true, encoding: "utf8" });
  return new Map(
    names.map((name) => {
      const path = join(root, name);
      return [name, lstatSync(path).isDirectory() ? "/" : readFileSync(path, "utf8")];
    }),
  );
}

test("random layers without symlinks, laid over each other in pieces of any size, are what the specification says", (t) => {
  const directory = temporary(t);
  let run = 0;
  const property = fc.asyncProperty(
    randomLayers.filter(isPlain),
    fc.integer({ min: 1, max: 3000 }),
    async (layers, pieceBytes) => {
      const root = join(directory, String(run++));
      const model: Model = new Map();
      spawnSync("mkdir", ["-m", "700", root]);
      const writer = new LayerWriter({
        root,
        rights: { ...ownRights(), owner: undefined },
        whiteouts: "apply",
      });
      for (const layer of layers) {
        const reader = new TarReader(writer);
        // Not only root is to see what comes of it.
        const tar = fakeTar(layer.map((entry) => ({ ...entry, mode: 0o755 })));
        for (let at = 0; at < tar.length; at += pieceBytes) reader.write(tar.subarray(at, at + pieceBytes));
        reader.end();
        writer.endLayer();
        applyTo(model, layer);
      }
      await writer.finish(() => Promise.resolve());
      const sorted = (each: Model): unknown[] => [...each].sort(([one], [other]) => (one < other ? -1 : 1));
      assert.deepEqual(sorted(treeOf(root)), sorted(model));
    },
  );
  return fc.assert(property, { numRuns: IS_SOAK ? 3000 : 40 });
});

const FIND = [
  "-mindepth",
  "1",
  "(",
  "-type",
  "d",
  "-printf",
  "%P %y %m %U %G\n",
  ")",
  "-o",
  "-printf",
  "%P %y %m %U %G %s %T@ %l\n",
];

function listing(root: string): string[] {
  const { status, stdout, stderr } = spawnSync("find", [root, ...FIND], { encoding: "utf8" });
  assert.equal(status, 0, stderr);
  return stdout.split("\n").sort();
}

/** What overlayfs shows of an image's layers, in a mount namespace of its own. */
function mountedListing(
  plan: { readonly directory: string; readonly lowerdirs: readonly string[] },
  empty: string,
): string[] {
  const script = `mount -t overlay overlay -o "lowerdir=$1" "$2" && shift 2 && find . "$@"`;
  const lower = [...plan.lowerdirs, empty].join(":");
  const inside = script.replace("find .", 'cd "$ROOT" && find .');
  const { status, stdout, stderr } = spawnSync(
    "unshare",
    ["-m", "sh", "-c", inside, "sh", lower, empty, ...FIND],
    {
      encoding: "utf8",
      cwd: plan.directory,
      env: { ...process.env, ROOT: empty },
    },
  );
  assert.equal(status, 0, stderr);
  return stdout.split("\n").sort();
}

test("overlayfs shows of the store's layers what flatten() and umoci put into one directory", async (t) => {
  if (process.geteuid!() !== 0) {
    t.skip("root may mount");
    return;
  }
  const hasUmoci = spawnSync("which", ["umoci"]).status === 0;
  const directory = temporary(t);
  const empty = join(directory, "empty");
  spawnSync("mkdir", [empty]);
  await using store = await openImageStore(join(directory, "store"), { clock });
  let run = 0;
  const property = fc.asyncProperty(randomLayers, async (layers) => {
    const place = join(directory, String(run++));
    await writeFakeLayout(place, { app: fakeImage({ layers, compression: "zstd" }) });
    const image = await store.pull(`oci:${place}`).catch((error: unknown) => {
      assert.match(messageOf(error), /too many symlinks|no directory/); // such things are among them, and nobody unpacks them
    });
    if (image === undefined) return;
    await store.flatten(image.digest, join(place, "flat"));
    const flat = listing(join(place, "flat"));
    assert.deepEqual(mountedListing(await store.mountPlan(image.digest), empty), flat);
    if (!hasUmoci) return;
    await writeFakeLayout(join(place, "gzip"), { app: fakeImage({ layers }) });
    const unpacked = spawnSync("umoci", ["unpack", "--image", `${place}/gzip:app`, `${place}/bundle`], {
      encoding: "utf8",
    });
    // It takes no file below what a lower layer has as a file; Docker's overlay driver and we do.
    if (unpacked.status === 0) assert.deepEqual(flat, listing(join(place, "bundle", "rootfs")));
  });
  await fc.assert(property, { numRuns: IS_SOAK ? 300 : 3, endOnFailure: true });
});
