import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { parseReference } from "@plinth/run";
import { systemClock } from "@plinth/clock";
import { openHomeImages } from "@plinth/daemon/images";
import { Fault } from "@plinth/fault";
import { buildImages, builtImage } from "./build-images.ts";
import type { ImageBuild } from "./import/translated.ts";
import { Output } from "./terminal/output.ts";
import { temporaryDirectory, writeFiles } from "./testing.ts";

const skip =
  ["buildah", "podman"].every((program) => spawnSync(program, ["--version"]).status !== 0) &&
  "neither buildah nor podman is installed";

interface Built {
  readonly home: string;
  readonly said: () => string;
  readonly build: (more?: Partial<ImageBuild>, again?: boolean) => Promise<void>;
}

/** A folder with a Dockerfile of which no layer runs anything, and a home to build it in. */
function prepare(context: TestContext): Built {
  const directory = temporaryDirectory(context);
  const home = join(directory, "home");
  // The builder's own store, too, so that nothing of a test stays there.
  const storage = join(directory, "storage.conf");
  const roots = `graphroot = "${join(directory, "graph")}"\nrunroot = "${join(directory, "run")}"`;
  writeFiles(directory, { "storage.conf": `[storage]\ndriver = "vfs"\n${roots}\n` });
  const before = process.env["CONTAINERS_STORAGE_CONF"];
  process.env["CONTAINERS_STORAGE_CONF"] = storage;
  context.after(() => {
    if (before === undefined) delete process.env["CONTAINERS_STORAGE_CONF"];
    else process.env["CONTAINERS_STORAGE_CONF"] = before;
  });
  writeFiles(directory, {
    "app/Dockerfile":
      'FROM scratch AS first\nARG VERSION\nENV VERSION=$VERSION\nCOPY text /text\nCMD ["/text"]\nFROM first\nENV LAST=1\n',
    "app/text": "hello",
  });
  let said = "";
  const stream = { write: (text: string) => ((said += text), true) };
  const output = new Output({ stdout: stream, stderr: stream, environment: {}, colour: false, quiet: false });
  const signal = new AbortController().signal;
  return {
    home,
    said: () => said,
    build: (more = {}, again = true) =>
      buildImages(
        [{ service: "web", context: join(directory, "app"), args: {}, contexts: {}, ...more }],
        { home, signal, output, json: false },
        { app: "shop", again },
      ),
  };
}

async function built(
  home: string,
): Promise<{ env: Readonly<Record<string, string>>; command: readonly string[] }> {
  await using store = await openHomeImages(home, systemClock);
  const reference = parseReference(builtImage(home, "shop", "web"), "/");
  return (await store.pull(reference, { pin: false })).config;
}

test("buildImages() builds what Plinth then runs, and tells how far it is", { skip }, async (context) => {
  const { home, said, build } = prepare(context);
  await build({ args: { VERSION: "secret-7" } });
  const { env, command } = await built(home);
  assert.deepEqual([env["VERSION"], env["LAST"], command], ["secret-7", "1", ["/text"]]);
  assert.match(said(), /^ {2}web {2}.*COPY text \/text/m);
  assert.ok(!said().includes("secret-7"));
  await build({ target: "first", args: { VERSION: "8" } });
  const first = (await built(home)).env;
  assert.deepEqual([first["VERSION"], first["LAST"]], ["8", undefined]);
  await build({ args: { VERSION: "secret-7" } });
  assert.deepEqual((await built(home)).env, env);
  await build();
  await build();
  assert.deepEqual((await built(home)).env["LAST"], "1", "of layers that are all there already");
  assert.deepEqual(readdirSync(join(home, "builds", "shop")), ["web"]);
});

test(
  "buildImages() takes a Dockerfile that is no file, and builds for a plan only what is not there",
  { skip },
  async (context) => {
    const { home, build } = prepare(context);
    await build({ inline: "FROM scratch\nCOPY text /\nENV INLINE=1\n" }, false);
    assert.equal((await built(home)).env["INLINE"], "1");
    await build({ inline: "FROM scratch\nCOPY text /\nENV INLINE=2\n" }, false);
    assert.equal((await built(home)).env["INLINE"], "1");
  },
);

test(
  "buildImages() shows a failed build's last words, and leaves the image before",
  { skip },
  async (context) => {
    const { home, build } = prepare(context);
    await build();
    const index = readFileSync(join(home, "builds", "shop", "web", "index.json"), "utf8");
    await assert.rejects(build({ inline: "FROM scratch\nCOPY gone /gone\n" }), (error) => {
      assert.ok(error instanceof Fault);
      assert.match(error.message, /^Cannot build the image of web: \w+ ended with \d+\n[^]*gone/);
      return true;
    });
    assert.equal(readFileSync(join(home, "builds", "shop", "web", "index.json"), "utf8"), index);
    assert.deepEqual(readdirSync(join(home, "builds", "shop")), ["web"]);
  },
);

test("buildImages() says what to install where there is nothing to build with", async (context) => {
  const { home, build } = prepare(context);
  const path = process.env["PATH"];
  context.after(() => (process.env["PATH"] = path));
  process.env["PATH"] = "/nowhere";
  await assert.rejects(build(), (error) => {
    assert.ok(error instanceof Fault && error.code === "unsupported");
    assert.match(error.message, /no buildah and no podman is installed/);
    assert.match(error.hint ?? "", /apt-get install buildah/);
    return true;
  });
  assert.ok(!existsSync(home));
});
