import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { test } from "node:test";
import { detectNetwork } from "@plinth/run";
import { createPlinth, createProject, type Plinth, type Project } from "./index.ts";
import { allReady } from "./site.ts";

const ability = await detectNetwork();
/** A client of etcd's that knows nothing of Plinth. */
const ETCD3 = createRequire(import.meta.resolve("@plinth/store")).resolve("etcd3");

/** Answers /put?KEY=VALUE and /get?KEY out of the app's store, by what it was handed. */
const KEEPER = `import { createServer } from "node:http";
import { createRequire } from "node:module";
const { Etcd3 } = createRequire(import.meta.url)(${JSON.stringify(ETCD3)});
const { hostname, port, username, password } = new URL(process.env.PLINTH_STATE_URL);
const client = new Etcd3({ hosts: "http://" + hostname + ":" + port, auth: { username, password } });
const server = createServer(async (request, response) => {
  const url = new URL(request.url, "http://keeper");
  try {
    if (url.pathname === "/put") for (const [key, value] of url.searchParams) await client.put(key).value(value);
    const [[key] = []] = [...url.searchParams];
    response.end(JSON.stringify(url.pathname === "/get" ? await client.get(key).string() : "ready"));
  } catch (error) {
    response.statusCode = 500;
    response.end(String(error));
  }
});
server.listen(Number(process.env.PORT), process.env.HOST);
process.on("SIGTERM", () => server.close(() => process.exit(0)));
`;

function keeper(project: Project, text = "", store: object = {}): void {
  project.write("keeper.mjs", KEEPER + text);
  project.configure({
    name: "shop",
    stores: { state: store },
    services: {
      web: { command: ["node", "keeper.mjs"], calls: ["state"], health: { ready: { http: "/" } } },
    },
    ingress: { "*": "web" },
  });
}

const storeOf = async (plinth: Plinth) =>
  (await plinth.ps()).find(({ instance }) => instance.startsWith("shop.state."))!;

/** Asks until it is answered: a client that was cut off says so once. */
const value = (plinth: Plinth, key: string): Promise<string> =>
  plinth.until(`${key} is read`, async () => {
    const { status, body } = await plinth.get(`/get?${key}`);
    return status === 200 && body;
  });

for (const mode of ["cooperative", "transparent"] as const) {
  const skip =
    mode === "transparent" && !ability.available
      ? `no transparent mode here: ${ability.reason ?? "unknown"}`
      : false;

  test(
    `an app's store outlives its callers' deploys, its own, its kill and the daemon's, in ${mode} mode`,
    { skip },
    async () => {
      using project = createProject();
      keeper(project);
      await using plinth = createPlinth();
      await plinth.up(project.directory, "--mesh", mode);
      await allReady(plinth, 2);
      assert.equal((await plinth.get("/put?a=1")).status, 200);
      const first = await storeOf(plinth);

      keeper(project, "\n// another release");
      await plinth.up(project.directory, "--mesh", mode);
      assert.equal(await value(plinth, "a"), '"1"');
      assert.equal((await storeOf(plinth)).pid, first.pid, "a deploy of others leaves it running");

      process.kill(await plinth.pidOf("daemon"), "SIGKILL");
      assert.equal(await value(plinth, "a"), '"1"');
      await plinth.until("the daemon is back", async () => (await plinth.run(["ps"])).code === 0);
      assert.equal((await storeOf(plinth)).pid, first.pid, "the daemon's end leaves it running");

      process.kill(first.pid!, "SIGKILL");
      await plinth.until("it runs again", async () => {
        const { pid, ready } = await storeOf(plinth);
        return ready && pid !== first.pid;
      });
      assert.equal(await value(plinth, "a"), '"1"');

      keeper(project, "\n// another release", { quota: "64MiB" });
      await plinth.up(project.directory, "--mesh", mode);
      assert.notEqual((await storeOf(plinth)).instance, first.instance);
      assert.equal(await value(plinth, "a"), '"1"');
    },
  );
}

test("without its password a store tells nothing, and the password is in no argument, answer or file", async () => {
  using project = createProject();
  keeper(project);
  await using plinth = createPlinth();
  await plinth.up(project.directory);
  await allReady(plinth, 2);
  assert.equal((await plinth.get("/put?a=1")).status, 200);
  const { pid, ...first } = await storeOf(plinth);
  let { address } = first;
  const ask = (...parameters: string[]) =>
    spawnSync("etcdctl", ["--endpoints", address, "get", "a", ...parameters], {
      encoding: "utf8",
      env: { ...process.env, ETCDCTL_API: "3" },
    });
  assert.match(ask().stderr, /user name is empty/);
  assert.match(ask("--user", "root:guess").stderr, /authentication failed/);

  const environment = readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
  const password = environment.find((each) => each.startsWith("PLINTH_STORE_PASSWORD="))!.split("=")[1]!;
  assert.match(password, /^[0-9a-f]{32}$/);
  assert.match(ask("--user", `root:${password}`).stdout, /^a\n1\n$/);
  assert.ok(!readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(password));
  const told = await Promise.all([
    plinth.run(["get", "releases", "--json"]),
    plinth.run(["get", "secrets", "--json"]),
    plinth.run(["describe", "app", "shop"]),
    plinth.run(["logs", "state"]),
  ]);
  for (const { stdout, stderr } of told) assert.ok(!(stdout + stderr).includes(password));
  const { status } = spawnSync("grep", ["-rqaF", "--", password, plinth.home]);
  assert.equal(status, 1, "found in a file");

  const set = await plinth.run(["secrets", "set", "store.shop.state"], "another-word");
  assert.equal(set.code, 0, set.stderr);
  await plinth.up(project.directory);
  assert.equal(await value(plinth, "a"), '"1"');
  ({ address } = await storeOf(plinth));
  assert.match(ask("--user", "root:another-word").stdout, /^a\n1\n$/);
  assert.match(ask("--user", `root:${password}`).stderr, /authentication failed/);
});

test("a cluster of somebody else takes a store's place without a change of the program", async () => {
  using project = createProject();
  keeper(project, "", { url: "etcd://root:word@127.0.0.1:1" });
  await using plinth = createPlinth();
  await plinth.up(project.directory);
  const [row] = await allReady(plinth, 1);
  const environment = readFileSync(`/proc/${row!.pid}/environ`, "utf8").split("\0");
  assert.ok(environment.includes("PLINTH_STATE_URL=etcd://root:word@127.0.0.1:1"));
  assert.ok(!environment.some((each) => each.startsWith("PLINTH_STATE_HOST=")));
});
