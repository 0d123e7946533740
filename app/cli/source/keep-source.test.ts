import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  symlinkSync,
} from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { systemClock } from "@plinth/clock";
import type { AppSpec } from "@plinth/resource";
import { temporaryDirectory, writeFiles } from "../testing.ts";
import { type KeptSource, keepSource } from "./keep-source.ts";

interface Sandbox {
  readonly project: string;
  readonly home: string;
  readonly keep: (cwds: Readonly<Record<string, string>>, copy?: boolean) => Promise<KeptSource>;
}

function sandbox(context: TestContext): Sandbox {
  const root = temporaryDirectory(context);
  const project = join(root, "project");
  const home = join(root, "home");
  mkdirSync(project);
  const keep = (cwds: Readonly<Record<string, string>>, copy?: boolean): Promise<KeptSource> => {
    const services: AppSpec["services"] = {};
    for (const [name, cwd] of Object.entries(cwds))
      services[name] = { command: ["true"], cwd: join(project, cwd) };
    const file = join(project, "plinth.config.yaml");
    const options = { home, file, clock: systemClock, ...(copy === undefined ? {} : { copy }) };
    return keepSource({ services }, options);
  };
  return { project, home, keep };
}

const digests = ({ spec }: KeptSource): Record<string, string | undefined> =>
  Object.fromEntries(Object.entries(spec.services).map(([name, { source }]) => [name, source?.digest]));
const directoryOf = ({ spec }: KeptSource, service: string): string =>
  spec.services[service]!.source!.directory;

test("keepSource() changes only the digest of the service whose files were edited", async (context) => {
  const { project, keep } = sandbox(context);
  writeFiles(project, { "plinth.config.yaml": "1", "web/a.js": "1", "api/a.js": "1", "shared.js": "1" });
  const cwds = { web: "web", api: "api" };
  const first = digests(await keep(cwds));
  assert.deepEqual(digests(await keep(cwds)), first);

  writeFiles(project, { "web/a.js": "2" });
  const second = digests(await keep(cwds));
  assert.notEqual(second["web"], first["web"]);
  assert.equal(second["api"], first["api"]);

  writeFiles(project, { "plinth.config.yaml": "2" });
  assert.deepEqual(digests(await keep(cwds)), second);

  writeFiles(project, { "shared.js": "2" });
  const third = digests(await keep(cwds));
  assert.notEqual(third["web"], second["web"]);
  assert.notEqual(third["api"], second["api"]);
});

test("a service in the project's own directory sees all files, one in a folder not its neighbours'", async (context) => {
  const { project, keep } = sandbox(context);
  writeFiles(project, { "main.js": "1", "web/a.js": "1" });
  const cwds = { root: ".", web: "web" };
  const first = digests(await keep(cwds));
  writeFiles(project, { "web/a.js": "2" });
  const second = digests(await keep(cwds));
  assert.notEqual(second["root"], first["root"]);
  assert.notEqual(second["web"], first["web"]);
  writeFiles(project, { "main.js": "2" });
  assert.notEqual(digests(await keep(cwds))["web"], second["web"]);
});

test("a kept copy stays as it was when the project is edited", async (context) => {
  const { project, keep } = sandbox(context);
  writeFiles(project, { "web/a.js": "old", "web/run.sh": "#!/bin/sh\n" });
  chmodSync(join(project, "web/run.sh"), 0o755);
  const kept = await keep({ web: "web" });
  writeFiles(project, { "web/a.js": "new" });
  const directory = directoryOf(kept, "web");
  assert.equal(readFileSync(join(directory, "a.js"), "utf8"), "old");
  assert.equal(lstatSync(join(directory, "run.sh")).mode & 0o777, 0o755);
  assert.notEqual(directoryOf(await keep({ web: "web" }), "web"), directory);
});

test("node_modules is shared by a link, the project's own or the nearest above it", async (context) => {
  const { project, keep } = sandbox(context);
  writeFiles(project, { "web/a.js": "", "web/node_modules/own/index.js": "own" });
  writeFiles(join(project, ".."), { "node_modules/above/index.js": "above" });
  const directory = directoryOf(await keep({ web: "web" }), "web");
  assert.equal(readFileSync(join(directory, "node_modules/own/index.js"), "utf8"), "own");
  assert.equal(readlinkSync(join(directory, "node_modules")), join(project, "web/node_modules"));
  assert.equal(readFileSync(join(directory, "../node_modules/above/index.js"), "utf8"), "above");
  const before = digests(await keep({ web: "web" }));
  writeFiles(project, { "web/node_modules/own/index.js": "changed" });
  assert.deepEqual(digests(await keep({ web: "web" })), before);
});

test("links inside the project stay inside the copy, those that leave lead to the original", async (context) => {
  const { project, keep } = sandbox(context);
  writeFiles(project, { "a.txt": "inside", "web/x": "" });
  writeFiles(join(project, ".."), { "outside.txt": "outside" });
  symlinkSync("../a.txt", join(project, "web/relative"));
  symlinkSync(join(project, "a.txt"), join(project, "web/absolute"));
  symlinkSync("../../outside.txt", join(project, "web/leaves"));
  symlinkSync("nowhere", join(project, "web/broken"));
  const directory = directoryOf(await keep({ web: "web" }), "web");
  const copied = realpathSync(join(directory, "../a.txt"));
  assert.equal(realpathSync(join(directory, "relative")), copied);
  assert.equal(realpathSync(join(directory, "absolute")), copied);
  assert.equal(realpathSync(join(directory, "leaves")), realpathSync(join(project, "../outside.txt")));
  assert.equal(readlinkSync(join(directory, "broken")), "nowhere");
});

test("version control, caches and the home itself are left out", async (context) => {
  const { project } = sandbox(context);
  writeFiles(project, {
    "a.js": "",
    ".git/HEAD": "",
    "x/__pycache__/a.pyc": "",
    ".plinth/token": "secret",
    ".env": "A=1",
  });
  const spec: AppSpec = { services: { web: { command: ["true"], cwd: project } } };
  const file = join(project, "plinth.config.yaml");
  const kept = await keepSource(spec, { home: join(project, ".plinth"), file, clock: systemClock });
  assert.deepEqual(readdirSync(directoryOf(kept, "web")).sort(), [".env", "a.js", "x"]);
});

test("what is too large or lies elsewhere runs in place, and that is said", async (context) => {
  const { project, keep } = sandbox(context);
  writeFiles(project, { "a.js": "" });
  writeFiles(join(project, ".."), { "elsewhere/a.js": "" });
  const outside = await keep({ web: "../elsewhere", api: "." });
  assert.equal(outside.spec.services["web"]?.source, undefined);
  assert.ok(outside.spec.services["api"]?.source);
  assert.match(outside.notes.join(), /web: its cwd is outside/);

  mkdirSync(join(project, "many"));
  for (let index = 0; index < 20_001; index++) symlinkSync("x", join(project, "many", String(index)));
  const many = await keep({ web: "." });
  assert.equal(many.spec.services["web"]?.source, undefined);
  assert.match(many.notes.join(), /more than 20000 files/);
});

test("a plan fingerprints without copying, and agrees with the copy that follows", async (context) => {
  const { project, home, keep } = sandbox(context);
  writeFiles(project, { "a.js": "1" });
  const planned = await keep({ web: "." }, false);
  assert.equal(existsSync(home), false);
  assert.deepEqual((await keep({ web: "." })).spec, planned.spec);
  assert.deepEqual(readdirSync(join(home, "sources")).length, 1);
});

test("equal content is kept once, and several at the same time do not disturb each other", async (context) => {
  const { project, home, keep } = sandbox(context);
  writeFiles(project, { "a.js": "1" });
  await Promise.all([keep({ web: "." }), keep({ web: "." }), keep({ web: "." })]);
  assert.equal(readdirSync(join(home, "sources")).length, 1);
});
