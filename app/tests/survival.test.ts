import assert from "node:assert/strict";
import { test } from "node:test";
import { createPlinth, createProject, isGone, RUNTIMES, startLoad } from "./index.ts";
import { allReady, pids, site } from "./site.ts";

const ROUNDS = Math.max(1, Math.ceil(Number(process.env["PLINTH_ROUNDS"] ?? 10) / 5));

for (const runtime of RUNTIMES) {
  test(`killing the daemon again and again fails no request and restarts no instance, on ${runtime}`, async () => {
    using project = createProject();
    site(project);
    await using plinth = createPlinth();
    await plinth.up(project.directory, "--proxy-runtime", runtime);
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

  test(`an instance that dies while the daemon is dead is restarted and its exit code is known, on ${runtime}`, async () => {
    using project = createProject();
    site(project);
    await using plinth = createPlinth();
    await plinth.up(project.directory, "--proxy-runtime", runtime);
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
    const described = await plinth.json<{ status: { exitCode?: number } }>(
      "get",
      "instance",
      victim!.instance,
    );
    assert.equal(described.status.exitCode, 42);
  });

  test(`an instance killed under load is passed over, restarted and counted, on ${runtime}`, async () => {
    using project = createProject();
    site(project);
    await using plinth = createPlinth();
    await plinth.up(project.directory, "--proxy-runtime", runtime);
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

  test(`a killed proxy is replaced at once, and instances are left alone, on ${runtime}`, async () => {
    using project = createProject();
    site(project);
    await using plinth = createPlinth();
    await plinth.up(project.directory, "--proxy-runtime", runtime);
    const before = await allReady(plinth, 3);
    const proxyPid = await plinth.pidOf("proxy");
    process.kill(proxyPid, "SIGKILL");
    await plinth.until("requests are answered again", async () => (await plinth.get("/")).status === 200);
    assert.notEqual(await plinth.pidOf("proxy"), proxyPid);
    const after = await allReady(plinth, 3);
    assert.deepEqual(pids(after), pids(before));
  });

  test(`down leaves no process and no port behind, on ${runtime}`, async () => {
    using project = createProject();
    site(project);
    await using plinth = createPlinth();
    await plinth.up(project.directory, "--proxy-runtime", runtime);
    const rows = await allReady(plinth, 3);
    const { processes } = await plinth.status();
    assert.equal((await plinth.run(["down", "--all"])).code, 0);
    const all = [...rows.map(({ pid }) => pid!), ...processes.map(({ pid }) => pid)];
    await plinth.until("all processes are gone", async () => all.every(isGone));
  });
}
