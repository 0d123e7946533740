import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { after, suite, test } from "node:test";
import { promisify } from "node:util";
import { startRealEtcd } from "../server/real-etcd.ts";
import { openClient } from "./open-client.ts";

/** The same locks, elections, users and passwords as etcd's own clients. */

const run = promisify(execFile);
const env = { ...process.env, ETCDCTL_API: "3" };

const etcd = await startRealEtcd();
if (etcd === undefined) test("etcdctl", (t) => t.skip("etcd is not installed"));
else {
  const url = `etcd://127.0.0.1:${etcd.port}`;
  const words = (...more: string[]): string[] => [`--endpoints=127.0.0.1:${etcd.port}`, ...more];
  const ctl = async (...more: string[]): Promise<string> =>
    (await run("etcdctl", words(...more), { env, timeout: 10_000 })).stdout;

  suite("etcdctl and openClient()", () => {
    after(() => etcd[Symbol.asyncDispose]());

    test("a lock that etcdctl holds is waited for, and the other way round", async () => {
      await using store = openClient(url);
      const holding = spawn("etcdctl", words("lock", "job"), { env, stdio: ["ignore", "pipe", "ignore"] });
      const exited = once(holding, "exit");
      const [line] = (await once(createInterface(holding.stdout), "line")) as [string];
      const { items } = await store.range({ prefix: "job/" });
      assert.deepEqual(
        items.map((item) => item.key),
        [line],
      );
      const waiting = store.lock("job");
      const watch = await store.watch(
        { prefix: "job/" },
        { fromRevision: items[0]!.modRevision + 1, signal: new AbortController().signal },
      );
      await watch[Symbol.asyncIterator]().next();
      holding.kill("SIGINT");
      const held = await waiting;
      await exited;
      assert.ok(held.revision > items[0]!.createRevision);
      const next = ctl("lock", "job", "echo", "its turn");
      await held[Symbol.asyncDispose]();
      assert.match(await next, /its turn/);
    });

    test("a leader of etcdctl's is seen, and succeeded", async () => {
      await using store = openClient(url);
      const leading = spawn("etcdctl", words("elect", "office", "theirs"), {
        env,
        stdio: ["ignore", "pipe", "ignore"],
      });
      const exited = once(leading, "exit");
      await once(createInterface(leading.stdout), "line");
      const election = store.election("office");
      assert.equal((await election.leader())!.text, "theirs");
      const campaign = election.campaign("ours");
      leading.kill("SIGINT");
      await exited;
      await using leadership = await campaign;
      const listening = spawn("etcdctl", words("elect", "-l", "office"), {
        env,
        stdio: ["ignore", "pipe", "ignore"],
      });
      const heard: string[] = [];
      for await (const line of createInterface(listening.stdout)) {
        heard.push(line);
        if (heard.length === 2) await leadership.proclaim("ours still");
        if (heard.length === 4) break;
      }
      const stopped = once(listening, "exit");
      listening.kill();
      await stopped;
      assert.deepEqual(
        heard.filter((line) => line.startsWith("ours")),
        ["ours", "ours still"],
      );
    });

    test("users with passwords: who may, who may not, and nobody", async () => {
      await ctl("user", "add", "root:rootpw");
      await ctl("user", "grant-role", "root", "root");
      await ctl("role", "add", "apps");
      await ctl("role", "grant-permission", "--prefix=true", "apps", "readwrite", "app/");
      await ctl("user", "add", "app:a%p:w");
      await ctl("user", "grant-role", "app", "apps");
      await ctl("auth", "enable");
      const as = (user: string): string => url.replace("etcd://", `etcd://${user}@`);
      try {
        await using app = openClient(as("app:a%25p%3Aw"), { timeoutMs: 5_000 });
        const revision = await app.put("app/a", "1");
        assert.equal((await app.get("app/a"))!.modRevision, revision);
        for (const mode of ["optimistic", "pessimistic"] as const) {
          const options = { mode, lockPrefix: "app/locks/" };
          await app.transact(async (transaction) => transaction.put("app/b", mode), options);
        }
        await using lock = await app.lock("app/lock");
        assert.equal(lock.signal.aborted, false);
        await assert.rejects(app.put("other", "1"), { code: "forbidden" });
        const signal = new AbortController().signal;
        const allowed = await app.watch("app/a", { fromRevision: revision, signal });
        await allowed[Symbol.asyncIterator]().next();
        const denied = await app.watch("other", { fromRevision: revision, signal });
        await assert.rejects(denied[Symbol.asyncIterator]().next(), { code: "forbidden" });
        await using wrong = openClient(as("app:guess"), { timeoutMs: 5_000 });
        await assert.rejects(wrong.get("app/a"), { code: "unauthorized" });
        await using nobody = openClient(url, { timeoutMs: 5_000 });
        await assert.rejects(nobody.get("app/a"), { code: "unauthorized" });
      } finally {
        await ctl("--user=root:rootpw", "auth", "disable");
      }
      await using needless = openClient(as("app:a%25p%3Aw"));
      assert.equal((await needless.get("app/a"))!.text, "1");
    });
  });
}
