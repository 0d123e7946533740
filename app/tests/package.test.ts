import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { after, test } from "node:test";
import { createPlinth, createProject, type Plinth, type Project, serverSaying, startLoad } from "./index.ts";
import { installPackage, SYSTEM_PATH } from "./installed.ts";
import { processesOf } from "./processes.ts";
import { allReady, pids } from "./site.ts";

const REPOSITORY = resolve(import.meta.dirname, "../..");
const installed = installPackage();
after(() => installed[Symbol.dispose]());

function typedSite(project: Project, text: string): void {
  project.write("server.mjs", serverSaying(text));
  project.write(
    "plinth.config.ts",
    `import { defineApp } from "plinth";
export default defineApp({
  name: "site",
  services: {
    web: { command: ["node", "server.mjs"], replicas: 2, calls: ["state"], health: { ready: { http: "/" } } },
  },
  stores: { state: {} },
  ingress: { "*": "web" },
});
`,
  );
}

const installedPlinth = (): Plinth =>
  createPlinth({ PATH: SYSTEM_PATH, NODE_COMPILE_CACHE: "" }, undefined, undefined, installed.launcher);

test("an installed package runs apps, stores and deploys under load, and nothing of the repository", async () => {
  using project = createProject();
  typedSite(project, "one");
  await using plinth = installedPlinth();
  assert.match((await plinth.run(["version"])).stdout, /^plinth \d+\.\d+\.\d+ /);
  await plinth.up(project.directory);
  await allReady(plinth, 3);
  assert.match((await plinth.get("/")).body, /"one"/);

  await using load = startLoad({ port: await plinth.ingressPort() });
  await load.more(100);
  typedSite(project, "two");
  await plinth.up(project.directory);
  await load.more(100);
  await plinth.json("upgrade", "--runtime", "bun");
  await load.more(100);
  assert.deepEqual((await load.stop()).failures, {});
  assert.match((await plinth.get("/")).body, /"two"/);

  const { listening } = await plinth.status();
  const api = listening.find(({ name }) => name === "api");
  const page = await fetch(`http://${api!.address}:${api!.port}/`);
  assert.match(await page.text(), /<script type="module"/);
  const told = (await plinth.run(["doctor"])).stdout;
  const [, document] = /More: (.+)#/.exec(told)!;
  assert.ok(resolve(document!).startsWith(`${installed.directory}/docs/`) && existsSync(document!), told);

  assert.equal((await plinth.run(["kv", "put", "key", "value"])).code, 0);
  const foreign = processesOf(plinth.home).filter(({ command }) => command.includes(REPOSITORY));
  assert.deepEqual(foreign, []);
  assert.equal((await plinth.run(["down", "--all"])).code, 0);
});

test("upgrade brings daemon, supervisor and proxy to what is installed without a failed request, and never to what does not start", async () => {
  using project = createProject();
  typedSite(project, "one");
  await using plinth = installedPlinth();
  await plinth.up(project.directory);
  const before = await allReady(plinth, 3);
  const versionBefore = (await plinth.status()).version;
  const own = async (): Promise<number[]> =>
    (await plinth.status()).processes.map(({ pid }) => pid).toSorted((a, b) => a - b);
  const first = await own();
  await using load = startLoad({ port: await plinth.ingressPort() });
  await load.more(50);

  await installed.replace("9.0.0");
  const upgraded = await plinth.run(["upgrade"]);
  assert.equal(upgraded.code, 0, upgraded.stderr);
  assert.match(upgraded.stdout, new RegExp(`Plinth is 9.0.0 now, and was ${versionBefore}`));
  await load.more(100);
  assert.equal((await plinth.status()).version, "9.0.0");
  const second = await own();
  assert.deepEqual(
    second.filter((pid) => first.includes(pid)),
    [],
    "all three are new",
  );
  assert.deepEqual(pids(await allReady(plinth, 3)), pids(before));

  await installed.replace("9.1.0");
  const broken = 'console.error("Cannot start: this one is broken");\nprocess.exit(1);\n';
  const daemon = join(installed.directory, "app/daemon/main.js");
  rmSync(daemon);
  writeFileSync(daemon, broken);
  const refused = await plinth.run(["upgrade"]);
  assert.equal(refused.code, 4);
  assert.match(
    refused.stderr,
    /does not start, it ended with exit code 1:\n *Cannot start: this one is broken/,
  );
  await load.more(50);
  assert.equal((await plinth.status()).version, "9.0.0");
  assert.deepEqual(await own(), second);
  assert.deepEqual(pids(await allReady(plinth, 3)), pids(before));
  assert.deepEqual((await load.stop()).failures, {});
});

test("a config is checked against the types in the package", () => {
  using project = createProject();
  typedSite(project, "one");
  mkdirSync(join(project.directory, "node_modules"));
  symlinkSync(installed.directory, join(project.directory, "node_modules/plinth"));
  project.write("wrong.ts", 'import { defineApp } from "plinth";\ndefineApp({ nam: "site" });\n');
  const { stdout } = spawnSync(
    join(REPOSITORY, "node_modules/.bin/tsc"),
    ["--noEmit", "--strict", "--module", "nodenext", "plinth.config.ts", "wrong.ts"],
    { cwd: project.directory, encoding: "utf8" },
  );
  assert.match(stdout, /^wrong\.ts.*'nam'/);
  assert.deepEqual(
    stdout.split("\n").filter((line) => line.includes("error") && !line.startsWith("wrong.ts")),
    [],
  );
});
