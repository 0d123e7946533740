import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { createInterface } from "node:readline";
import { test } from "node:test";
import type { EgressStat } from "@plinth/resource";
import { detectNetwork } from "@plinth/run";
import {
  createPlinth,
  createProject,
  isGone,
  type Project,
  RUNTIMES,
  serverSaying,
  startLoad,
} from "./index.ts";
import { allReady, pids } from "./site.ts";
import { networkTraces } from "./traces.ts";

const ability = await detectNetwork();
const skip = ability.available ? false : `no transparent mode here: ${ability.reason ?? "unknown"}`;

/** A web server that asks `back` for each answer, by its name alone. */
const ASKING = `import { createServer, get } from "node:http";
const server = createServer((request, response) => {
  get("http://back/asked", (answer) => answer.pipe(response)).on("error", (error) => { response.statusCode = 500; response.end(error.message); });
});
server.keepAliveTimeout = 60_000;
server.listen(Number(process.env.PORT));
process.on("SIGTERM", () => { server.close(() => process.exit(0)); server.closeIdleConnections(); });
`;

function namedSite(project: Project, text = "here"): void {
  project.write("front.mjs", ASKING);
  project.write("back.mjs", serverSaying(text).replace("process.env.HOST", '"127.0.0.1"'));
  project.configure({
    name: "site",
    services: {
      front: {
        command: ["node", "front.mjs"],
        replicas: 2,
        calls: ["back"],
        health: { ready: { http: "/" } },
      },
      // It listens on 127.0.0.1 alone, and on a fixed port that two of it share.
      back: { command: ["node", "back.mjs"], replicas: 2, port: 9000 },
    },
    ingress: { "*": "front" },
  });
}

for (const runtime of RUNTIMES) {
  const flags = ["--mesh", "transparent", "--proxy-runtime", runtime];

  test(
    `programs that know nothing of a mesh dial names; deploys and kills fail no request, on ${runtime}`,
    { skip },
    async () => {
      const before = networkTraces();
      using project = createProject();
      namedSite(project);
      {
        await using plinth = createPlinth();
        await plinth.up(project.directory, ...flags);
        await allReady(plinth, 4);
        const { body } = await plinth.get("/");
        assert.match(body, /"text":"here".*"url":"\/asked"/);

        await using load = startLoad({ port: await plinth.ingressPort() });
        await load.more(100);
        namedSite(project, "there");
        await plinth.up(project.directory, ...flags);
        await plinth.until("only the new version answers", async () =>
          (await plinth.get("/")).body.includes("there"),
        );
        const deployed = await allReady(plinth, 4);
        const daemon = await plinth.pidOf("daemon");
        process.kill(daemon, "SIGKILL");
        await load.more(200);
        await plinth.until("another daemon answers", async () => (await plinth.pidOf("daemon")) !== daemon);
        assert.deepEqual(pids(await allReady(plinth, 4)), pids(deployed));
        assert.deepEqual((await load.stop()).failures, {});

        process.kill(await plinth.pidOf("proxy"), "SIGKILL");
        await plinth.until("the next proxy answers", async () => (await plinth.get("/")).status === 200);
        const edges = (await plinth.json<{ caller: string; callee: string }[]>("edges")).map(
          ({ caller, callee }) => `${caller} ${callee}`,
        );
        assert.ok(edges.includes("front back"), JSON.stringify(edges));
      }
      assert.deepEqual(networkTraces(), before);
    },
  );

  test(`an address is an identity: who is no instance is not served, on ${runtime}`, { skip }, async () => {
    const tables = (): string[] =>
      spawnSync("nft", ["list", "tables"], { encoding: "utf8" })
        .stdout.split("\n")
        .filter((line) => line.startsWith("table bridge plinth"));
    const others = tables();
    using project = createProject();
    namedSite(project);
    await using plinth = createPlinth();
    await plinth.up(project.directory, ...flags);
    const rows = await allReady(plinth, 4);
    const instance = rows.find(({ service }) => service === "front")!.instance;
    const inside = async (script: string): Promise<string> =>
      (await plinth.run(["exec", instance, "--", "sh", "-c", script])).stdout.trim();
    const virtual = (await inside("getent hosts back.site.internal")).split(" ")[0]!;
    assert.match(virtual, /^10\.2[0-9]+\.[0-9]+\.[0-9]+$/);
    // The host itself can reach the address, but is no instance.
    const stranger = connect({ host: virtual, port: 80 });
    stranger.on("error", () => {});
    let heard = "";
    stranger.on("data", (chunk: Buffer) => (heard += chunk.toString()));
    stranger.write("GET / HTTP/1.1\r\nHost: back\r\n\r\n");
    await new Promise((resolve) => stranger.once("close", resolve));
    assert.equal(heard, "");
    // A neighbour's own address, the host's API and its loopback are out of reach.
    const neighbour = rows.find(({ service }) => service === "back")!.address;
    const { apiUrl } = JSON.parse(readFileSync(`${plinth.home}/daemon.json`, "utf8")) as { apiUrl: string };
    const gateway = (await inside("cat /etc/resolv.conf")).match(/nameserver (\S+)/)![1]!;
    for (const url of [`http://${neighbour}/`, apiUrl, `http://${gateway}:${new URL(apiUrl).port}/`]) {
      const code = await inside(`curl -s -o /dev/null -m 3 ${url}; echo $?`);
      assert.notEqual(code, "0", url);
    }
    assert.equal(await inside("ip link add d0 type dummy 2>/dev/null; echo $?"), "2");
    // Whoever flushes the machine's rules does not take the instances' identity away for long.
    const own = tables().filter((table) => !others.includes(table));
    assert.equal(own.length, 1);
    for (const table of own) spawnSync("nft", ["delete", ...table.split(" ")]);
    assert.deepEqual(tables(), others);
    await plinth.until("the rules are back", async () => tables().length > others.length);
  });
}

test("egress goes to the world unless a service says otherwise", { skip }, async () => {
  // The world: a network namespace beyond the host.
  const run = (command: string, ...parameters: string[]): void => {
    const { status, stderr } = spawnSync(command, parameters, { encoding: "utf8" });
    assert.equal(status, 0, `${command} ${parameters.join(" ")}: ${stderr}`);
  };
  const world = `world${process.pid}`;
  const link = `w${process.pid}`;
  run("ip", "netns", "add", world);
  const server = spawn("ip", ["netns", "exec", world, process.execPath, "-e", WORLD], { stdio: "pipe" });
  try {
    run("ip", "link", "add", link, "type", "veth", "peer", "name", "eth0", "netns", world);
    run("ip", "addr", "add", "198.51.100.1/24", "dev", link);
    run("ip", "link", "set", link, "up");
    for (const command of [
      "addr add 198.51.100.7/24 dev eth0",
      "addr add 198.51.100.8/24 dev eth0",
      "link set eth0 up",
    ])
      run("ip", "-n", world, ...command.split(" "));
    server.stdin.write("go\n");
    assert.equal((await once(createInterface(server.stdout), "line"))[0], "up");

    using project = createProject();
    const idle = { command: ["sh", "-c", "exec sleep 1000000"], health: { ready: { exec: ["true"] } } };
    project.configure({
      name: "site",
      services: {
        open: idle,
        careful: { ...idle, egress: { deny: ["198.51.100.8/32"] } },
        closed: { ...idle, egress: { allow: ["198.51.100.8"] } },
      },
    });
    await using plinth = createPlinth();
    await plinth.up(project.directory, "--mesh", "transparent");
    const rows = await allReady(plinth, 3);
    const reach = async (service: string): Promise<string> => {
      const { instance } = rows.find((row) => row.service === service)!;
      const script = "for a in 7 8; do curl -s -m 3 http://198.51.100.$a/ || printf no; printf ' '; done";
      return (await plinth.run(["exec", instance, "--", "sh", "-c", script])).stdout.trim();
    };
    // The world sees the host, never an instance's own address.
    assert.equal(await reach("open"), "198.51.100.1 198.51.100.1");
    assert.equal(await reach("careful"), "198.51.100.1 no");
    assert.equal(await reach("closed"), "no 198.51.100.1");
    const egress = await plinth.json<EgressStat[]>("stat", "site", "--egress");
    assert.deepEqual(
      egress.map(({ service, host, address, port }) => [service, host, address, port].join(" ")).sort(),
      [
        "careful  198.51.100.7 80",
        "closed  198.51.100.8 80",
        "open  198.51.100.7 80",
        "open  198.51.100.8 80",
      ],
    );
    assert.ok(egress.every(({ bytes, connections }) => bytes > 100 && connections === 1));
    assert.match((await plinth.run(["stat", "--egress"])).stdout, /^SRC +HOST +PORT/);
  } finally {
    server.kill("SIGKILL");
    await once(server, "exit");
    spawnSync("ip", ["netns", "del", world]);
  }
  assert.ok(isGone(server.pid!));
});

/** Says to each who it sees; begins when told to, since its address comes later. */
const WORLD = `require("node:readline").createInterface(process.stdin).once("line", () => {
  require("node:http").createServer((request, response) => response.end(request.socket.remoteAddress)).listen(80, "0.0.0.0", () => console.log("up"));
});`;
