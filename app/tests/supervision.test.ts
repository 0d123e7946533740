import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { createPlinth, createProject, serverSaying } from "./index.ts";
import { processesOf } from "./processes.ts";
import { allReady, pids, site } from "./site.ts";

test("several ups of the same at once on a new home all succeed as one, and one supervisor watches", async () => {
  using project = createProject();
  site(project);
  await using plinth = createPlinth();
  await Promise.all([1, 2, 3].map(() => plinth.up(project.directory)));
  await allReady(plinth, 3);
  const supervisors = processesOf(plinth.home).filter(({ command }) => command.includes("supervisor.ts"));
  assert.deepEqual(
    supervisors.map(({ pid }) => pid),
    [await plinth.pidOf("supervisor")],
  );
  assert.equal(
    readdirSync(join(plinth.home, "logs")).length,
    3,
    "no instance was started but those that run",
  );
});

test("of two different ups at once the later one wins, and the other is told so", async () => {
  await using setup = new AsyncDisposableStack();
  const plinth = setup.use(createPlinth());
  const projects = ["one", "two"].map((says) => {
    const project = setup.use(createProject());
    site(project);
    project.write("server.mjs", serverSaying(says));
    return { says, project };
  });
  const ended = await Promise.all(
    projects.map(async ({ says, project }) => ({
      says,
      ...(await plinth.run(["up", project.directory, "--detach"])),
    })),
  );
  const served = (await plinth.get("/")).body;
  for (const { says, code, stderr } of ended) {
    if (served.includes(`"${says}"`)) assert.equal(code, 0, stderr);
    else if (code !== 0) assert.match(stderr, /took the place/);
  }
  await allReady(plinth, 3);
});

test("up while the daemon is being restarted waits for it and starts no second supervisor", async () => {
  using project = createProject();
  site(project);
  await using plinth = createPlinth();
  await plinth.up(project.directory);
  const supervisor = await plinth.pidOf("supervisor");
  for (let round = 0; round < 3; round++) {
    process.kill(await plinth.pidOf("daemon"), "SIGKILL");
    await plinth.up(project.directory);
  }
  assert.equal(await plinth.pidOf("supervisor"), supervisor);
  await allReady(plinth, 3);
});

test("after the supervisor was killed the next up starts another, which brings a killed daemon back and ends with it", async () => {
  using project = createProject();
  site(project);
  await using plinth = createPlinth();
  await plinth.up(project.directory);
  const before = await allReady(plinth, 3);
  const daemon = await plinth.pidOf("daemon");
  process.kill(await plinth.pidOf("supervisor"), "SIGKILL");
  await plinth.up(project.directory);
  assert.equal(await plinth.pidOf("daemon"), daemon);
  process.kill(daemon, "SIGKILL");
  await plinth.until("another daemon answers", async () => (await plinth.pidOf("daemon")) !== daemon);
  assert.deepEqual(pids(await allReady(plinth, 3)), pids(before));

  process.kill(await plinth.pidOf("supervisor"), "SIGKILL");
  await plinth.up(project.directory);
  assert.equal((await plinth.run(["down", "--all"])).code, 0);
  await plinth.until("all processes are gone", async () => processesOf(plinth.home).length === 0);
});
