import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { createPlinth, createProject, serverSaying } from "./index.ts";
import { oneService } from "./site.ts";

const VALUE = "correct-horse-battery-staple-7f3a";

test("a secret reaches the instance and nothing else: not argv, logs, plan, API or the home's files", async () => {
  using project = createProject();
  oneService(project, serverSaying("here"), { env: { KEY: { secret: "api-key" } } });
  await using plinth = createPlinth();
  const refused = await plinth.run(["up", project.directory, "--detach"]);
  assert.notEqual(refused.code, 0);
  assert.match(refused.stderr, /api-key.*not set/);
  assert.match(refused.stderr, /plinth secrets set api-key/);

  const set = await plinth.run(["secrets", "set", "api-key"], VALUE);
  assert.equal(set.code, 0, set.stderr);
  await plinth.up(project.directory);
  assert.match((await plinth.get("/")).body, new RegExp(VALUE));

  const told = [
    set,
    await plinth.run(["plan", project.directory]),
    await plinth.run(["describe", "app", "site"]),
  ];
  for (const parameters of [
    ["secrets", "list"],
    ["get", "secrets"],
    ["get", "releases"],
    ["get", "instances"],
    ["logs", "web", "--tail", "50"],
  ]) {
    told.push(await plinth.run([...parameters, "--json"]));
  }
  for (const { stdout, stderr } of told) assert.ok(!(stdout + stderr).includes(VALUE));

  const [row] = await plinth.ps();
  assert.ok(!readFileSync(`/proc/${row!.pid}/cmdline`, "utf8").includes(VALUE));
  // grep ends with 1 when it finds nothing.
  const { status, stdout } = spawnSync("grep", ["-rlaF", "--", VALUE, plinth.home, project.directory], {
    encoding: "utf8",
  });
  assert.equal(stdout, "");
  assert.equal(status, 1);
});

test("setting a secret anew is a change that the plan shows without its value", async () => {
  using project = createProject();
  oneService(project, serverSaying("here"), { env: { KEY: { secret: "api-key" } } });
  await using plinth = createPlinth();
  await plinth.run(["up", project.directory, "--detach"]); // refused, but the daemon is up
  await plinth.run(["secrets", "set", "api-key"], VALUE);
  await plinth.up(project.directory);
  const key = join(plinth.home, "keys", "secrets.key");
  assert.equal(statSync(key).mode & 0o777, 0o600);
  const same = await plinth.json<{ secrets: unknown[]; unchanged: boolean }>("plan", project.directory);
  assert.deepEqual(same.secrets, [{ name: "api-key", change: "unchanged" }]);
  assert.equal(same.unchanged, true);
  await plinth.run(["secrets", "set", "api-key"], "another");
  const plan = await plinth.json<{ secrets: unknown[]; unchanged: boolean }>("plan", project.directory);
  assert.deepEqual(plan.secrets, [{ name: "api-key", change: "changed" }]);
  assert.equal(plan.unchanged, false);
  await plinth.up(project.directory);
  assert.match((await plinth.get("/")).body, /"another"/);
});

test("a deleted secret is not set any more: what runs goes on, and what would need it is refused", async () => {
  using project = createProject();
  oneService(project, serverSaying("here"), { env: { KEY: { secret: "api-key" } } });
  await using plinth = createPlinth();
  await plinth.run(["up", project.directory, "--detach"]); // refused, but the daemon is up
  await plinth.run(["secrets", "set", "api-key"], VALUE);
  await plinth.up(project.directory);
  const deleted = await plinth.run(["secrets", "delete", "api-key"]);
  assert.equal(deleted.code, 0, deleted.stderr);
  assert.match((await plinth.get("/")).body, new RegExp(VALUE));
  const refused = await plinth.run(["up", project.directory, "--detach"]);
  assert.notEqual(refused.code, 0);
  assert.match(refused.stderr, /api-key.*not set/);
  await plinth.run(["secrets", "set", "api-key"], "another");
  await plinth.up(project.directory);
  assert.match((await plinth.get("/")).body, /"another"/);
});
