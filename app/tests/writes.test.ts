import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { once } from "node:events";
import { test } from "node:test";
import { createPlinth, createProject, serverSaying } from "./index.ts";
import { oneService } from "./site.ts";

const ROUNDS = Number(process.env["PLINTH_ROUNDS"] ?? 10);

async function call(home: string, method: string, path: string, body: string): Promise<number> {
  const outgoing = request({
    socketPath: join(home, "plinth.sock"),
    method,
    path: `/apis/plinth.dev/v1${path}`,
    agent: false,
    headers: { host: "localhost", "content-length": Buffer.byteLength(body) },
  });
  outgoing.end(body);
  const [response] = (await once(outgoing, "response")) as [import("node:http").IncomingMessage];
  response.resume();
  await once(response, "end");
  return response.statusCode!;
}

test(`every write acknowledged before a kill of the daemon is there after it, ${ROUNDS} rounds`, async () => {
  await using plinth = createPlinth();
  using project = createProject();
  oneService(project);
  await plinth.up(project.directory);
  const acknowledged = new Set<string>();
  let number = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const pid = await plinth.pidOf("daemon");

    const writer = async (): Promise<void> => {
      for (;;) {
        const name = `secret-${number++}`;
        try {
          if ((await call(plinth.home, "PUT", `/secrets/${name}/value`, name)) === 200)
            acknowledged.add(name);
        } catch {
          return; // it died with this one under way
        }
      }
    };
    const writers = [writer(), writer(), writer(), writer()];
    const before = acknowledged.size;
    await plinth.until("some writes are acknowledged", () => Promise.resolve(acknowledged.size > before + 5));
    process.kill(pid, "SIGKILL");
    await Promise.all(writers);

    await plinth.until("another daemon answers", async () => (await plinth.pidOf("daemon")) !== pid);
  }
  const secrets = await plinth.json<{ name?: string; metadata?: { name: string } }[]>("secrets", "list");
  const names = new Set(secrets.map((secret) => secret.metadata?.name ?? secret.name));
  assert.deepEqual(
    [...acknowledged].filter((name) => !names.has(name)),
    [],
  );
  assert.ok(acknowledged.size > ROUNDS * 5);
  assert.match((await plinth.get("/")).body, /"here"/);
});

const whyNoMount = process.getuid?.() === 0 ? false : "needs root to mount a small file system";

test(
  "with a full disk apps keep serving, changes are refused with the reason, and go on once there is room",
  { skip: whyNoMount },
  async (t) => {
    const mount = mkdtempSync(join(tmpdir(), "plinth-small-"));
    const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=48m,mode=700", "tmpfs", mount]);
    assert.equal(mounted.status, 0, String(mounted.stderr));
    t.after(() => {
      spawnSync("umount", ["-l", mount]);
      rmSync(mount, { recursive: true, force: true });
    });
    using project = createProject();
    project.write("server.mjs", serverSaying("here"));
    project.configure({
      name: "site",
      services: { web: { command: ["node", "server.mjs"] } },
      ingress: { "*": "web" },
    });
    await using plinth = createPlinth({}, join(mount, "home"));
    await plinth.up(project.directory);
    spawnSync("dd", ["if=/dev/zero", `of=${join(mount, "ballast")}`, "bs=64k"]);
    let refused = "";
    await plinth.until("a write is refused", async () => {
      const { code, stderr } = await plinth.run(["secrets", "set", "big"], "x".repeat(100_000));
      refused = stderr;
      return code !== 0;
    });
    assert.match(refused, /disk|space|read-only/i);
    assert.equal((await plinth.get("/")).status, 200);
    const { store } = await plinth.status();
    assert.match(store.readOnly ?? "", /space|full|ENOSPC/i);
    rmSync(join(mount, "ballast"));
    await plinth.until(
      "writes go on",
      async () => (await plinth.run(["secrets", "set", "small"], "y")).code === 0,
    );
    assert.equal((await plinth.status()).store.readOnly, null);
    assert.ok(!readFileSync(join(mount, "home", "daemon.log"), "utf8").includes("cannot start"));
  },
);
