import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  createPlinth,
  createProject,
  type Plinth,
  type Project,
  type PsRow,
  serverSaying,
  startLoad,
} from "./index.ts";
import { processesOf } from "./processes.ts";

const ROUNDS = Math.max(1, Math.ceil(Number(process.env["PLINTH_ROUNDS"] ?? 10) / 5));

function site(project: Project): void {
  project.write("server.mjs", serverSaying("here"));
  project.configure({
    name: "site",
    services: {
      front: {
        command: ["node", "server.mjs"],
        replicas: 2,
        calls: ["back"],
        health: { ready: { http: "/" } },
      },
      back: { command: ["node", "server.mjs"] },
    },
    ingress: { "*": "front" },
  });
}

const isGone = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
};

const pids = (rows: readonly PsRow[]): number[] => rows.map(({ pid }) => pid ?? 0).sort((a, b) => a - b);

async function allReady(plinth: Plinth, count: number): Promise<PsRow[]> {
  return plinth.until(`${count} instances are ready`, async () => {
    const rows = await plinth.ps();
    return rows.length === count && rows.every(({ ready }) => ready) && rows;
  });
}

test("killing the daemon again and again fails no request and restarts no instance", async () => {
  using project = createProject();
  site(project);
  await using plinth = createPlinth();
  await plinth.up(project.directory);
  const before = await allReady(plinth, 3);
  const proxyPid = await plinth.pidOf("proxy");
  await using load = startLoad({ port: await plinth.ingressPort() });
  for (let round = 0; round < ROUNDS; round++) {
    const pid = await plinth.pidOf("daemon");
    process.kill(pid, "SIGKILL");
    await load.more(100);
    await plinth.until("another daemon answers", async () => (await plinth.pidOf("daemon")) !== pid);
  }
  const after = await allReady(plinth, 3);
  const report = await load.stop();
  assert.deepEqual(report.failures, {});
  assert.deepEqual(pids(after), pids(before));
  assert.deepEqual(
    after.map(({ restarts }) => restarts),
    [0, 0, 0],
  );
  assert.equal(await plinth.pidOf("proxy"), proxyPid);
});

test("an instance that dies while the daemon is dead is restarted and its exit code is known", async () => {
  using project = createProject();
  site(project);
  await using plinth = createPlinth();
  await plinth.up(project.directory);
  const victim = (await allReady(plinth, 3)).find(({ service }) => service === "front");
  const daemon = await plinth.pidOf("daemon");
  process.kill(daemon, "SIGKILL");
  await fetch(`http://${victim!.address}/exit`, { headers: { "x-code": "42" } });
  await plinth.until("the instance has ended", async () => isGone(victim!.pid!));
  const rows = await plinth.until("it runs again", async () => {
    const all = await plinth.ps();
    const same = all.find(({ instance }) => instance === victim!.instance);
    return same?.ready === true && same.pid !== victim!.pid && all;
  });
  assert.equal(rows.find(({ instance }) => instance === victim!.instance)?.restarts, 1);
  const described = await plinth.json<{ status: { exitCode?: number } }>("get", "instance", victim!.instance);
  assert.equal(described.status.exitCode, 42);
});

test("an instance killed under load is passed over, restarted and counted", async () => {
  using project = createProject();
  site(project);
  await using plinth = createPlinth();
  await plinth.up(project.directory);
  const victim = (await allReady(plinth, 3)).find(({ service }) => service === "front");
  await using load = startLoad({ port: await plinth.ingressPort() });
  await load.more(100);
  process.kill(victim!.pid!, "SIGKILL");
  await plinth.until("it runs again", async () => {
    const same = (await plinth.ps()).find(({ instance }) => instance === victim!.instance);
    return same?.ready === true && same.pid !== victim!.pid && same.restarts === 1;
  });
  await load.more(100);
  const report = await load.stop();
  assert.deepEqual(report.failures, {});
});

test("a killed proxy is replaced at once, and instances are left alone", async () => {
  using project = createProject();
  site(project);
  await using plinth = createPlinth();
  await plinth.up(project.directory);
  const before = await allReady(plinth, 3);
  const proxyPid = await plinth.pidOf("proxy");
  process.kill(proxyPid, "SIGKILL");
  await plinth.until("requests are answered again", async () => (await plinth.get("/")).status === 200);
  assert.notEqual(await plinth.pidOf("proxy"), proxyPid);
  const after = await allReady(plinth, 3);
  assert.deepEqual(pids(after), pids(before));
});

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

test("down leaves no process and no port behind", async () => {
  using project = createProject();
  site(project);
  await using plinth = createPlinth();
  await plinth.up(project.directory);
  const rows = await allReady(plinth, 3);
  const { processes } = await plinth.status();
  assert.equal((await plinth.run(["down", "--all"])).code, 0);
  const all = [...rows.map(({ pid }) => pid!), ...processes.map(({ pid }) => pid)];
  await plinth.until("all processes are gone", async () => all.every(isGone));
});
