import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { accessSync, chmodSync, chownSync, constants, mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { createPlinth, createProject, RUNTIMES } from "./index.ts";
import { allReady } from "./site.ts";

/** Real programs that speak no HTTP; none of these services declares what it speaks. */
const POSTGRES = "/usr/lib/postgresql/15/bin";

function missing(...programs: string[]): string | false {
  const lacking = programs.filter((program) => {
    try {
      accessSync(program, constants.X_OK);
      return false;
    } catch {
      return true;
    }
  });
  return lacking.length > 0 && `${lacking.join(", ")} missing`;
}

/** Runs a program to its end; what it prints. */
function output(command: string, parameters: readonly string[], options: object = {}): string {
  const { status, stdout, stderr } = spawnSync(command, parameters, { encoding: "utf8", ...options });
  assert.equal(status, 0, `${command}: ${stderr}${stdout}`);
  return stdout;
}

/** A service nobody needs to reach, whose environment says where the other one is. */
const caller = (callee: string): object => ({
  command: ["sh", "-c", "exec sleep 1000000"],
  calls: [callee],
  health: { ready: { exec: ["true"] } },
});

for (const runtime of RUNTIMES) {
  test(
    `redis-benchmark gets every answer through the mesh, on ${runtime}`,
    { skip: missing("/usr/bin/redis-server", "/usr/bin/redis-benchmark") },
    async () => {
      using project = createProject();
      const command = [
        "redis-server",
        "--port",
        "${PORT}",
        "--bind",
        "${HOST}",
        "--save",
        "",
        "--dir",
        "/tmp",
      ];
      project.configure({ name: "site", services: { web: caller("cache"), cache: { command } } });
      await using plinth = createPlinth();
      await plinth.up(project.directory, "--proxy-runtime", runtime);
      const web = (await allReady(plinth, 2)).find(({ service }) => service === "web")!;
      const script =
        "redis-cli -h $PLINTH_CACHE_HOST -p $PLINTH_CACHE_PORT set key value; redis-benchmark -h $PLINTH_CACHE_HOST -p $PLINTH_CACHE_PORT -n 20000 -c 40 -P 8 -t set,get,lrange_100 --csv; redis-cli -h $PLINTH_CACHE_HOST -p $PLINTH_CACHE_PORT get key";
      const { stdout, stderr, code } = await plinth.run(["exec", web.instance, "--", "sh", "-c", script]);
      assert.equal(code, 0, stderr);
      assert.match(stdout, /^OK\n/);
      assert.match(stdout, /"SET","[0-9.]+"/);
      assert.match(stdout, /value\n$/);
    },
  );

  test(
    `pgbench finds its transactions whole through the mesh, on ${runtime}`,
    { skip: missing(`${POSTGRES}/postgres`, `${POSTGRES}/pgbench`, "/usr/bin/setpriv") },
    async () => {
      using project = createProject();
      const data = join(project.directory, "data");
      const isRoot = process.getuid!() === 0;
      mkdirSync(data, { mode: 0o700 });
      // The server refuses to run as root.
      const uid = isRoot ? Number(output("id", ["-u", "postgres"])) : process.getuid!();
      if (isRoot) {
        chmodSync(project.directory, 0o755);
        chownSync(data, uid, uid);
      }
      output(`${POSTGRES}/initdb`, ["-D", data, "-U", "test", "-A", "trust", "--no-sync"], { uid, cwd: "/" });
      const server = [`${POSTGRES}/postgres`, "-D", data, "-p", "${PORT}", "-h", "${HOST}", "-k", ""];
      const command = isRoot ? ["setpriv", "--reuid", String(uid), "--clear-groups", ...server] : server;
      project.configure({
        name: "site",
        services: {
          web: caller("db"),
          db: { command: [...command, "-c", "fsync=off"], env: { LC_ALL: "C" } },
        },
      });
      await using plinth = createPlinth();
      await plinth.up(project.directory, "--proxy-runtime", runtime);
      const web = (await allReady(plinth, 2)).find(({ service }) => service === "web")!;
      const at = "-h $PLINTH_DB_HOST -p $PLINTH_DB_PORT -U test";
      const script = `${POSTGRES}/pgbench ${at} -i -q postgres && ${POSTGRES}/pgbench ${at} -c 8 -t 50 postgres && ${POSTGRES}/psql ${at} -tA -c "select count(*) from pgbench_history" postgres`;
      const { stdout, stderr, code } = await plinth.run(["exec", web.instance, "--", "sh", "-c", script]);
      assert.equal(code, 0, stderr);
      assert.match(stdout, /number of transactions actually processed: 400\/400/);
      assert.match(stdout, /\n400\n$/);
    },
  );

  test(
    `ssh-keyscan hears the server that speaks first, on ${runtime}`,
    { skip: missing("/usr/sbin/sshd", "/usr/bin/ssh-keyscan", "/usr/bin/ssh-keygen") },
    async () => {
      using project = createProject();
      const key = join(project.directory, "host-key");
      output("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key]);
      if (process.getuid!() === 0) mkdirSync("/run/sshd", { recursive: true, mode: 0o755 });
      const command = ["/usr/sbin/sshd", "-D", "-e", "-f", "/dev/null", "-h", key, "-p", "${PORT}"];
      project.configure({
        name: "site",
        services: {
          web: caller("shell"),
          shell: { command: [...command, "-o", "ListenAddress=${HOST}", "-o", "PidFile=none"] },
        },
      });
      await using plinth = createPlinth();
      await plinth.up(project.directory, "--proxy-runtime", runtime);
      const web = (await allReady(plinth, 2)).find(({ service }) => service === "web")!;
      const script = "ssh-keyscan -T 10 -t ed25519 -p $PLINTH_SHELL_PORT $PLINTH_SHELL_HOST";
      const { stdout, stderr, code } = await plinth.run(["exec", web.instance, "--", "sh", "-c", script]);
      assert.equal(code, 0, stderr);
      assert.match(stdout, /ssh-ed25519 AAAA/);
    },
  );
}
