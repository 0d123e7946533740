import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { runCli, temporaryDirectory, writeFiles } from "./testing.ts";

const COMPOSE =
  "name: shop\nservices:\n  web:\n    image: nginx:1.27\n    ports: ['8080:80']\n    privileged: true\n    tty: true\n    volumes: ['./site:/www:ro']\n";

test("plinth import compose prints a config, and what it does not bring over", async (context) => {
  const cwd = temporaryDirectory(context);
  writeFiles(cwd, { "compose.yaml": COMPOSE, "site/index.html": "" });
  const { code, stdout, stderr } = await runCli(["import", "compose"], { cwd });
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^import \{ defineApp \} from "plinth";$/m);
  assert.match(stdout, /^ {6}publish: \["0\.0\.0\.0:8080"\],$/m);
  assert.match(stdout, /^ {4}\/\/ compose\.yaml:6, services\.web\.privileged: NOT BROUGHT OVER/m);
  assert.match(stderr, /^compose\.yaml:6:5 +refused +services\.web\.privileged/m);
  assert.match(stderr, /^compose\.yaml:7:5 +ignored +services\.web\.tty/m);
  const json = await runCli(["import", "compose", join(cwd, "compose.yaml"), "--json"]);
  const { config, notes } = JSON.parse(json.stdout) as {
    config: { name: string };
    notes: { kind: string }[];
  };
  assert.equal(config.name, "shop");
  assert.deepEqual(
    notes.map(({ kind }) => kind),
    ["remark", "refused", "ignored"],
  );
});

test("plinth import --output writes over nothing without --force, and paths are from there", async (context) => {
  const cwd = temporaryDirectory(context);
  writeFiles(cwd, { "compose.yaml": COMPOSE, "site/index.html": "", "sub/file": "" });
  const target = join(cwd, "sub", "plinth.config.ts");
  const line = ["import", "compose", "--output", target];
  assert.equal((await runCli(line, { cwd })).code, 0);
  assert.match(readFileSync(target, "utf8"), /volumes: \{ "\.\.\/site": "\/www:ro" \}/);
  writeFileSync(target, "mine");
  const again = await runCli(line, { cwd });
  assert.equal(again.code, 7);
  assert.match(again.stderr, /is there already\n.*--force/);
  assert.equal(readFileSync(target, "utf8"), "mine");
  assert.equal((await runCli([...line, "--force"], { cwd })).code, 0);
  assert.match(readFileSync(target, "utf8"), /defineApp/);
});

test("plinth import says what it looked for, and what in a file is no YAML", async (context) => {
  const cwd = temporaryDirectory(context);
  const none = await runCli(["import", "compose"], { cwd });
  assert.equal(none.code, 1);
  assert.match(
    none.stderr,
    /there is no compose\.yaml, compose\.yml, docker-compose\.yaml, docker-compose\.yml/,
  );
  writeFiles(cwd, { "compose.yaml": "services:\n  web: {\n" });
  const broken = await runCli(["import", "compose", "--output", "new.ts"], { cwd });
  assert.equal(broken.code, 3);
  assert.match(broken.stderr, /compose\.yaml:\d+:\d+: not valid YAML/);
  assert.ok(!existsSync(join(cwd, "new.ts")));
});

test("plinth import procfile writes a config of a Procfile", async (context) => {
  const cwd = temporaryDirectory(context);
  writeFiles(cwd, { Procfile: "web: node server.js\nworker: node worker.js\n" });
  const { code, stdout, stderr } = await runCli(["import", "procfile"], { cwd });
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^ {6}command: \["\/bin\/sh", "-c", "node server\.js"\],$/m);
  assert.match(stdout, /^ {2}ingress: \{ "plinth-cli-.*\.localhost": "web" \},$/m);
  assert.equal(stderr, "");
});

test("plinth import compose says how images are built, so that a shell can be given it", async (context) => {
  const cwd = temporaryDirectory(context);
  const build = "{ context: ./web, dockerfile: prod.Dockerfile, args: { NAME: it's }, target: last }";
  writeFiles(cwd, {
    "compose.yaml": `name: shop\nservices:\n  web:\n    build: ${build}\n`,
    "web/prod.Dockerfile": "",
  });
  const { stdout } = await runCli(["import", "compose"], { cwd });
  assert.match(stdout, /image: "oci:\.\/images\/web"/);
  const commands = stdout
    .split("\n")
    .filter((line) => line.includes("buildah"))
    .map((line) => line.trim());
  assert.deepEqual(commands, [
    "//   buildah build --file web/prod.Dockerfile --build-arg 'NAME=it'\\''s' --target last --tag localhost/plinth/shop/web ./web",
    "//   buildah push localhost/plinth/shop/web oci:./images/web:latest",
  ]);
});
