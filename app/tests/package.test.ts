import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import { after, test } from "node:test";
import { createPlinth, createProject, type Project, serverSaying, startLoad } from "./index.ts";
import { installPackage, SYSTEM_PATH } from "./installed.ts";
import { processesOf } from "./processes.ts";
import { allReady } from "./site.ts";

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

test("an installed package runs apps, stores and deploys under load, and nothing of the repository", async () => {
  using project = createProject();
  typedSite(project, "one");
  await using plinth = createPlinth(
    { PATH: SYSTEM_PATH, NODE_COMPILE_CACHE: "" },
    undefined,
    undefined,
    installed.launcher,
  );
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

  assert.equal((await plinth.run(["kv", "put", "key", "value"])).code, 0);
  const foreign = processesOf(plinth.home).filter(({ command }) => command.includes(REPOSITORY));
  assert.deepEqual(foreign, []);
  assert.equal((await plinth.run(["down", "--all"])).code, 0);
});

test("a config is checked against the types in the package", () => {
  using project = createProject();
  typedSite(project, "one");
  mkdirSync(join(project.directory, "node_modules"));
  symlinkSync(installed.directory, join(project.directory, "node_modules/plinth"));
  const check = (): void =>
    void execFileSync(
      join(REPOSITORY, "node_modules/.bin/tsc"),
      ["--noEmit", "--strict", "--module", "nodenext", "plinth.config.ts"],
      { cwd: project.directory, stdio: "pipe" },
    );
  check();
  project.write("plinth.config.ts", 'import { defineApp } from "plinth";\ndefineApp({ nam: "site" });\n');
  assert.throws(check, ({ stdout }: { stdout: Buffer }) => /nam/.test(String(stdout)));
});
