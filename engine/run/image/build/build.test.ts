import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmod,
  lstat,
  mkdir,
  mkdtemp,
  readFile,
  readlink,
  rm,
  symlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { systemClock as clock } from "@plinth/clock";
import { Fault } from "@plinth/fault";
import { fakeImage, writeFakeLayout } from "../fake-images.ts";
import { openImageStore } from "../store/open.ts";
import type { ImageStore } from "../store/store.ts";

interface Scene {
  readonly directory: string;
  readonly project: string;
  readonly store: ImageStore;
}

async function scene(t: TestContext): Promise<Scene> {
  const directory = await mkdtemp(join(tmpdir(), "plinth-build-"));
  const project = join(directory, "project");
  await mkdir(join(project, "site", "deep"), { recursive: true });
  await writeFile(join(project, "site", "index.html"), "hello");
  await writeFile(join(project, "site", "deep", "ü.txt"), "deep");
  await writeFile(join(project, "run.sh"), "#!/bin/sh\n");
  await chmod(join(project, "run.sh"), 0o700);
  await symlink("index.html", join(project, "site", "start.html"));
  const base = fakeImage({
    layers: [
      [
        { name: "usr/lib", type: "directory" },
        { name: "lib", type: "symlink", target: "usr/lib" },
        { name: "tmp", type: "directory", mode: 0o1777 },
        { name: "opt", type: "directory", mode: 0o700, uid: 7, gid: 8 },
      ],
    ],
    config: { Cmd: ["base"], Env: ["PATH=/bin", "A=1"], Labels: { a: "1" }, OnlyDockerKnows: 5 },
  });
  await writeFakeLayout(join(directory, "base"), { base });
  const store = await openImageStore(join(directory, "store"), { clock });
  t.after(async () => {
    await store[Symbol.asyncDispose]();
    await rm(directory, { recursive: true, force: true });
  });
  return { directory, project, store };
}

const copy = { site: "/srv/www", "run.sh": "/lib/", "site/index.html": "/opt/index.html" };

test("build() puts files upon a base, through its symlinks, and changes nothing of its directories", async (t) => {
  const { directory, project, store } = await scene(t);
  const image = await store.build(
    { base: "oci:../base", copy, command: ["/lib/run.sh"], env: { A: "2", B: "3" }, ports: ["80/tcp"] },
    { directory: project, name: "site:1" },
  );
  assert.deepEqual(image.config.command, ["/lib/run.sh"]);
  assert.deepEqual(image.config.env, { PATH: "/bin", A: "2", B: "3" });
  assert.deepEqual(image.config.labels, { a: "1" });
  assert.deepEqual(image.config.exposedPorts, [{ port: 80, protocol: "tcp" }]);
  const { lowerdirs } = await store.mountPlan(image.digest);
  assert.equal(lowerdirs.length, 2, "the layers stand alone");
  const flat = join(directory, "flat");
  await store.flatten(image.digest, flat);
  assert.equal(await readFile(join(flat, "srv/www/deep/ü.txt"), "utf8"), "deep");
  assert.equal(await readlink(join(flat, "srv/www/start.html")), "index.html");
  assert.equal(await readlink(join(flat, "lib")), "usr/lib");
  assert.equal((await lstat(join(flat, "usr/lib/run.sh"))).mode & 0o7777, 0o755);
  assert.equal((await lstat(join(flat, "opt"))).mode & 0o7777, 0o700);
  if (process.geteuid!() === 0) assert.equal((await lstat(join(flat, "opt"))).uid, 7);
});

test("build() gives the same digest for the same files, whenever they were written", async (t) => {
  const { project, store } = await scene(t);
  const spec = { base: "oci:../base", copy };
  const one = await store.build(spec, { directory: project });
  await utimes(join(project, "site", "index.html"), 1, 1);
  await chmod(join(project, "site", "index.html"), 0o600);
  const two = await store.build(spec, { directory: project });
  assert.equal(two.digest, one.digest);
  await writeFile(join(project, "site", "index.html"), "other");
  assert.notEqual((await store.build(spec, { directory: project })).digest, one.digest);
});

test("build() takes nothing from outside of the project", async (t) => {
  const { directory, project, store } = await scene(t);
  await writeFile(join(directory, "secret"), "x");
  await symlink("../secret", join(project, "link"));
  for (const from of ["../secret", join(directory, "secret"), "link", "site/../../secret"]) {
    await assert.rejects(
      store.build({ copy: { [from]: "/secret" } }, { directory: project }),
      (error) => error instanceof Fault && error.code === "invalid" && error.message.includes("it is not in"),
      from,
    );
  }
  const wrong = store.build({ copy: { "run.sh": "run.sh" } }, { directory: project });
  await assert.rejects(wrong, (error) => error instanceof Fault && error.code === "invalid");
});

test("skopeo, umoci and podman take what is built", async (t) => {
  const tools = ["skopeo", "umoci", "podman"].filter((tool) => spawnSync("which", [tool]).status === 0);
  if (tools.length < 3 || process.geteuid!() !== 0) {
    t.skip(`as root with skopeo, umoci and podman; here: ${tools.join(", ")}`);
    return;
  }
  const { directory, project, store } = await scene(t);
  const image = await store.build(
    { copy, command: ["/lib/run.sh"] },
    { directory: project, name: "localhost/site:1" },
  );
  const archive = join(directory, "site.tar");
  await writeFile(archive, store.export(image.digest));
  const run = (command: string, ...parameters: string[]): string => {
    const { status, stdout, stderr } = spawnSync(command, parameters, { encoding: "utf8", timeout: 20_000 });
    assert.equal(status, 0, `${command}: ${stderr}`);
    return stdout;
  };
  run("skopeo", "--insecure-policy", "copy", `oci-archive:${archive}`, `oci:${directory}/layout:site`);
  run("umoci", "unpack", "--image", `${directory}/layout:site`, join(directory, "bundle"));
  assert.equal(await readFile(join(directory, "bundle/rootfs/srv/www/index.html"), "utf8"), "hello");
  const storage = [
    "--root",
    join(directory, "podman"),
    "--runroot",
    join(directory, "run"),
    "--storage-driver",
    "vfs",
  ];
  run("podman", ...storage, "--events-backend", "none", "load", "--input", archive);
  const listed = run(
    "podman",
    ...storage,
    "image",
    "inspect",
    "localhost/site:1",
    "--format",
    "{{.Config.Cmd}}",
  );
  assert.equal(listed.trim(), "[/lib/run.sh]");
});
