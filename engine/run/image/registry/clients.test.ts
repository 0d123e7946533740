/** What others serve and write, we pull; what we export, they read. Each part is skipped where its tool is not there. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test, type TestContext } from "node:test";
import { systemClock as clock } from "@plinth/clock";
import { fakeImage, writeFakeLayout } from "../fake-images.ts";
import { openImageStore } from "../store/open.ts";
import type { ImageStore } from "../store/store.ts";

function has(t: TestContext, ...tools: string[]): boolean {
  const missing = tools.filter((tool) => spawnSync("which", [tool]).status !== 0);
  if (missing.length > 0) t.skip(`${missing.join(" and ")} not installed`);
  return missing.length === 0;
}

function run(command: string, ...parameters: string[]): string {
  const { status, stdout, stderr } = spawnSync(command, parameters, { encoding: "utf8", timeout: 20_000 });
  assert.equal(status, 0, `${command} ${parameters.join(" ")}: ${stderr}`);
  return stdout;
}

const skopeo = (...parameters: string[]): string => run("skopeo", "--insecure-policy", ...parameters);

async function scene(t: TestContext): Promise<{ readonly directory: string; readonly store: ImageStore }> {
  const directory = await mkdtemp(join(tmpdir(), "plinth-clients-"));
  const store = await openImageStore(join(directory, "store"), { clock });
  t.after(async () => {
    await store[Symbol.asyncDispose]();
    await rm(directory, { recursive: true, force: true });
  });
  const image = fakeImage({
    layers: [
      [
        { name: "bin", type: "directory" },
        { name: "bin/sh", content: "#!", mode: 0o4755 },
      ],
      [{ name: "file", content: "upper" }],
    ],
    config: { Cmd: ["/bin/sh"], Env: ["A=1"] },
  });
  await writeFakeLayout(join(directory, "layout"), { "example.org/app:1": image });
  return { directory, store };
}

/** Debian's docker-registry on a free port of loopback. */
async function startRegistry(t: TestContext, directory: string): Promise<string> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, "close");
  const config = join(directory, "registry.yml");
  await writeFile(
    config,
    JSON.stringify({
      version: 0.1,
      log: { level: "info", formatter: "json" },
      storage: { filesystem: { rootdirectory: join(directory, "registry") } },
      http: { addr: `127.0.0.1:${port}` },
    }),
  );
  const child = spawn("docker-registry", ["serve", config], { stdio: ["ignore", "ignore", "pipe"] });
  t.after(async () => {
    child.kill();
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  });
  for await (const line of createInterface(child.stderr)) if (line.includes("listening on")) break;
  child.stderr.resume();
  return `127.0.0.1:${port}`;
}

test("an image that skopeo pushes to docker-registry is pulled, and exported, and read again by skopeo", async (t) => {
  if (!has(t, "skopeo", "docker-registry")) return;
  const { directory, store } = await scene(t);
  const host = await startRegistry(t, directory);
  skopeo(
    "copy",
    "--dest-tls-verify=false",
    `oci:${directory}/layout:example.org/app:1`,
    `docker://${host}/team/app:1`,
  );
  const pulled = await store.pull(`${host}/team/app:1`);
  const inspected = JSON.parse(
    skopeo("inspect", "--tls-verify=false", `docker://${host}/team/app:1`),
  ) as Record<string, unknown>;
  assert.equal(pulled.digest, inspected["Digest"]);
  assert.deepEqual(pulled.config.env, { A: "1" });
  const archive = join(directory, "exported.tar");
  await writeFile(archive, store.export(pulled.digest));
  // To an ordinary user, skopeo cannot give the files of an OCI archive their owners.
  for (const kind of process.geteuid!() === 0 ? ["oci-archive", "docker-archive"] : ["docker-archive"]) {
    const read = JSON.parse(skopeo("inspect", `${kind}:${archive}`)) as Record<string, unknown>;
    assert.deepEqual(read["Env"], ["A=1"], kind);
  }
});

test("archives of skopeo are pulled: OCI's and Docker's, with their names", async (t) => {
  if (!has(t, "skopeo")) return;
  const { directory, store } = await scene(t);
  const from = `oci:${directory}/layout:example.org/app:1`;
  skopeo("copy", from, `oci-archive:${directory}/oci.tar:app`);
  skopeo("copy", from, `docker-archive:${directory}/docker.tar:example.org/app:1`);
  const oci = await store.pull(`archive:${directory}/oci.tar`);
  const docker = await store.pull(`archive:${directory}/docker.tar:example.org/app:1`);
  assert.deepEqual(docker.config, oci.config);
  assert.equal((await store.usage()).layers, 2, "the same layers, however they came");
});

test("umoci unpacks what we export to the same files as we do", async (t) => {
  if (!has(t, "skopeo", "umoci") || process.geteuid!() !== 0) return;
  const { directory, store } = await scene(t);
  const image = await store.pull(`oci:${directory}/layout`);
  await writeFile(join(directory, "exported.tar"), store.export(image.digest));
  skopeo("copy", `oci-archive:${directory}/exported.tar`, `oci:${directory}/theirs:app`);
  run("umoci", "unpack", "--image", `${directory}/theirs:app`, join(directory, "bundle"));
  await store.flatten(image.digest, join(directory, "ours"));
  const listing = (root: string): string =>
    run("find", root, "-mindepth", "1", "-printf", "%P %y %m %U %G %s %T@\n").split("\n").sort().join("\n");
  assert.equal(listing(join(directory, "ours")), listing(join(directory, "bundle", "rootfs")));
  assert.equal(await readFile(join(directory, "ours", "file"), "utf8"), "upper");
});
