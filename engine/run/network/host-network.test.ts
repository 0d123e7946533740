import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { systemClock } from "@plinth/clock";
import { createLog } from "@plinth/log";
import type { EgressPolicy } from "./egress-policy.ts";
import { allowResolved } from "./resolved.ts";
import { HostNetwork, type HostNetworkOptions } from "./host-network.ts";
import {
  dialInside,
  makeWorld,
  networkState,
  onOwnMachine,
  outputInside,
  ROUND_TIMEOUT_MS,
  ROUNDS,
  serveHere,
  serveInside,
  WORLD,
} from "./own-machine.ts";

const OPEN: EgressPolicy = { default: "allow", allow: [], deny: [] };
const limit = { timeout: 60_000 };

interface Place extends Disposable {
  readonly options: (changes?: Partial<HostNetworkOptions>) => HostNetworkOptions;
}

function place(): Place {
  const directory = mkdtempSync(join(tmpdir(), "plinth-network-"));
  return {
    options: (changes = {}) => ({
      clock: systemClock,
      log: createLog({ clock: systemClock, write: () => {} }),
      homeId: "a-home",
      subnet: "10.213.0.0/16",
      directory: join(directory, "network"),
      ...changes,
    }),
    [Symbol.dispose]: () => rmSync(directory, { recursive: true, force: true }),
  };
}

/** Removes a network at the end of its test, however that ends. */
function removing(network: HostNetwork): AsyncDisposable {
  return { [Symbol.asyncDispose]: () => network.remove() };
}

async function reply(address: string, port: number): Promise<string> {
  const script = `require("node:net").connect(${port}, "${address}").on("data", (data) => process.stdout.write(data))`;
  return outputInside("/proc/self/ns/net", [process.execPath, "-e", script]);
}

onOwnMachine(import.meta.url, () => {
  test("HostNetwork leaves nothing behind, and takes nothing that was there", limit, async () => {
    using here = place();
    const before = networkState();
    const network = await HostNetwork.open(here.options());
    assert.equal(network.bridge, "plinth0");
    assert.equal(network.gateway, "10.213.0.1");
    for (const id of ["shop.web.a", "shop.web.b"])
      await network.attach({
        id,
        address: `10.213.0.${id === "shop.web.a" ? 2 : 3}`,
        port: 80,
        egress: OPEN,
      });
    await network.setVirtualAddresses(["10.213.128.1", "10.213.128.2"]);
    await network.allowResolved("shop.web.a", "192.0.2.1", 5);
    await network.setEgress("shop.web.b", { default: "deny", allow: ["192.0.2.0/24"], deny: ["192.0.2.7"] });
    assert.deepEqual(await network.attached(), ["shop.web.a", "shop.web.b"]);
    await network.remove();
    assert.equal(networkState(), before);
    assert.equal(existsSync(here.options().directory), false);
    await network.remove();
    assert.equal(networkState(), before);
  });

  test("detach() removes one instance and nothing of the others", limit, async () => {
    using here = place();
    await using network = await HostNetwork.open(here.options());
    await using _end = removing(network);
    const before = networkState();
    await network.attach({ id: "one", address: "10.213.0.2", egress: OPEN });
    const { namespace } = await network.attach({ id: "two", address: "10.213.0.3", port: 80, egress: OPEN });
    const both = networkState();
    await network.detach("two");
    await network.detach("two");
    assert.deepEqual(await network.attached(), ["one"]);
    assert.equal(existsSync(namespace), false);
    await network.attach({ id: "two", address: "10.213.0.3", port: 80, egress: OPEN });
    const links = (state: string): string[] => state.match(/plinth0-[0-9a-f]+/g) ?? [];
    assert.deepEqual(links(networkState()), links(both));
    await network.detach("one");
    await network.detach("two");
    assert.equal(networkState(), before);
    await network.remove();
  });

  test("a later daemon adopts what is there: connections live on, rules are repaired", limit, async () => {
    using here = place();
    const first = await HostNetwork.open(here.options());
    const attachment = { id: "one", address: "10.213.0.2", egress: OPEN };
    const { namespace } = await first.attach(attachment);
    await first.setVirtualAddresses(["10.213.128.1", "10.213.128.2"]);
    const server = createServer((socket) => socket.pipe(socket)).listen(80, "10.213.128.1");
    using _server = { [Symbol.dispose]: () => server.close() };
    await once(server, "listening");
    const echo = spawn("nsenter", [
      `--net=${namespace}`,
      process.execPath,
      "-e",
      'const socket = require("node:net").connect(80, "10.213.128.1"); process.stdin.pipe(socket).pipe(process.stdout)',
    ]);
    echo.stdin.write("before");
    assert.equal(String((await once(echo.stdout, "data"))[0]), "before");
    await first[Symbol.asyncDispose]();

    execFileSync("nft", ["flush", "ruleset"]);
    const second = await HostNetwork.open(here.options());
    await using _end = removing(second);
    assert.equal(second.bridge, "plinth0");
    assert.deepEqual(await second.attached(), ["one"]);
    assert.deepEqual((await second.attach(attachment)).namespace, namespace);
    echo.stdin.write("after");
    assert.equal(String((await once(echo.stdout, "data"))[0]), "after");
    assert.match(networkState(), /plinth0-0002" \. 02:70:0a:d5:00:02 \. 10\.213\.0\.2/);
    assert.equal(await second.repair(), false);
    execFileSync("nft", ["flush", "ruleset"]);
    assert.equal(await second.repair(), true);
    echo.stdin.end("end");
    assert.equal(String((await once(echo.stdout, "data"))[0]), "end");
    await second.setVirtualAddresses(["10.213.128.2", "10.213.128.3"]);
    const held = execFileSync("ip", ["-br", "addr", "show", "plinth0"], { encoding: "utf8" });
    assert.deepEqual(held.match(/10\.[0-9./]+/g), ["10.213.0.1/16", "10.213.128.2/32", "10.213.128.3/32"]);
    server.close();
    await second.remove();
  });

  test("attach() refuses wrong addresses, taken ones and strange names", limit, async () => {
    using here = place();
    await using network = await HostNetwork.open(here.options());
    await using _end = removing(network);
    await network.attach({ id: "one", address: "10.213.0.2", egress: OPEN });
    for (const address of ["10.213.0.1", "10.213.128.4", "10.214.0.2", "10.213.0.2; flush ruleset"])
      assert.throws(() => network.attach({ id: "two", address, egress: OPEN }), { code: "invalid" }, address);
    assert.throws(() => network.attach({ id: "../x", address: "10.213.0.3", egress: OPEN }), {
      code: "invalid",
    });
    await assert.rejects(network.attach({ id: "two", address: "10.213.0.2", egress: OPEN }), {
      code: "conflict",
      message: 'Cannot attach "two": 10.213.0.2 belongs to "one"',
    });
    await assert.rejects(network.setEgress("three", OPEN), { code: "not-found" });
    await network.remove();
  });

  test("attach() with another address moves the instance", limit, async () => {
    using here = place();
    await using network = await HostNetwork.open(here.options());
    await using _end = removing(network);
    await network.attach({ id: "one", address: "10.213.0.2", egress: OPEN });
    const { namespace } = await network.attach({ id: "one", address: "10.213.0.9", egress: OPEN });
    assert.match(await outputInside(namespace, ["ip", "-br", "addr"]), /10\.213\.0\.9\/32/);
    assert.doesNotMatch(networkState(), /plinth0-0002/);
    await network.remove();
  });

  test("two homes have a bridge each and cannot reach one another", limit, async () => {
    using here = place();
    using there = place();
    const before = networkState();
    await using one = await HostNetwork.open(here.options());
    await using _one = removing(one);
    await using two = await HostNetwork.open(there.options({ homeId: "other", subnet: "10.214.0.0/16" }));
    await using _two = removing(two);
    assert.deepEqual([one.bridge, two.bridge], ["plinth0", "plinth1"]);
    const mine = await one.attach({ id: "one", address: "10.213.0.2", egress: OPEN });
    const theirs = await two.attach({ id: "one", address: "10.214.0.2", egress: OPEN });
    await two.setVirtualAddresses(["10.214.128.1"]);
    using _virtual = await serveHere("10.214.128.1", 80);
    using _instance = await serveInside(theirs.namespace, "0.0.0.0", 80);
    assert.deepEqual(await dialInside(theirs.namespace, "10.214.128.1:80"), { "10.214.128.1:80": "open" });
    const tried = await dialInside(mine.namespace, "10.214.128.1:80", "10.214.0.1:80", "10.214.0.2:80");
    for (const [target, result] of Object.entries(tried)) assert.notEqual(result, "open", target);
    await one.remove();
    assert.match(readFileSync("/proc/sys/net/ipv4/ip_forward", "utf8"), /1/);
    await two.remove();
    assert.equal(networkState(), before);
  });

  test(
    "a virtual address takes a client's port again at once, and leads to nobody who listens everywhere",
    limit,
    async () => {
      using here = place();
      await using network = await HostNetwork.open(here.options());
      await using _end = removing(network);
      const { namespace } = await network.attach({ id: "one", address: "10.213.0.2", egress: OPEN });
      await network.setVirtualAddresses(["10.213.128.1"]);
      // Whoever ends a connection first remembers it for a minute (TIME_WAIT): here it is the server.
      using _virtual = await serveHere("10.213.128.1", 80);
      using _everywhere = await serveHere("0.0.0.0", 81);
      const script = `const dial = () => new Promise((resolve, reject) => {
  const socket = require("node:net").connect({ host: "10.213.128.1", port: 80, localPort: 40000 });
  socket.resume().on("error", reject).on("close", resolve).on("connect", () => process.stdout.write("taken "));
});
dial().then(dial);`;
      assert.equal(await outputInside(namespace, [process.execPath, "-e", script]), "taken taken");
      const everywhere = await dialInside(namespace, "10.213.128.1:81");
      assert.notEqual(everywhere["10.213.128.1:81"], "open");
      await network.remove();
    },
  );

  test(
    "a program that listens on 127.0.0.1 only is reached on its port, and on no other",
    limit,
    async () => {
      using here = place();
      await using network = await HostNetwork.open(here.options());
      await using _end = removing(network);
      const { namespace } = await network.attach({
        id: "one",
        address: "10.213.0.2",
        port: 8080,
        egress: OPEN,
      });
      {
        using _loopback = await serveInside(namespace, "127.0.0.1", 8080);
        using _admin = await serveInside(namespace, "127.0.0.1", 8081);
        assert.equal(await reply("10.213.0.2", 8080), "10.213.0.1");
        await assert.rejects(reply("10.213.0.2", 8081), /ECONNREFUSED/);
      }
      using _own = await serveInside(namespace, "10.213.0.2", 8080);
      assert.equal(await reply("10.213.0.2", 8080), "10.213.0.1");
      await network.remove();
    },
  );

  test("egress is counted by destination, and allowed or denied by address", limit, async () => {
    using here = place();
    using _world = makeWorld();
    await using network = await HostNetwork.open(here.options());
    await using _end = removing(network);
    const { namespace } = await network.attach({ id: "one", address: "10.213.0.2", egress: OPEN });
    using _server = await serveInside(WORLD.namespace, "0.0.0.0", 80);
    const target = `${WORLD.address}:80`;
    const other = `${WORLD.other}:80`;
    assert.deepEqual(await dialInside(namespace, target, target, other), {
      [target]: "open",
      [other]: "open",
    });
    const counters = await network.egressCounters();
    const counted = counters.find(({ destination }) => destination === WORLD.address);
    assert.ok(counted);
    const { bytes, packets, ...rest } = counted;
    assert.deepEqual(rest, {
      id: "one",
      destination: WORLD.address,
      port: 80,
      protocol: "tcp",
      connections: 2,
    });
    assert.ok(packets >= 6 && bytes >= packets * 40, `${packets} packets, ${bytes} bytes`);

    await network.setEgress("one", { default: "allow", allow: [], deny: [`${WORLD.address}/32`] });
    assert.deepEqual(await dialInside(namespace, target, other), {
      [target]: "ECONNREFUSED",
      [other]: "open",
    });
    await network.setEgress("one", { default: "deny", allow: [WORLD.address], deny: [] });
    assert.deepEqual(await dialInside(namespace, target, other), {
      [target]: "open",
      [other]: "ECONNREFUSED",
    });
    await network.allowResolved("one", WORLD.other, 60);
    const { homeId, subnet } = here.options();
    const name = {
      clock: systemClock,
      homeId,
      subnet,
      ttlSeconds: 90,
      addresses: [WORLD.other, "192.0.2.9"],
    };
    await allowResolved({ ...name, instance: "10.213.0.2" });
    await assert.rejects(allowResolved({ ...name, instance: "10.213.0.1" }), { code: "not-found" });
    await assert.rejects(allowResolved({ ...name, homeId: "x", instance: "10.213.0.2" }), {
      code: "not-found",
    });
    await assert.rejects(allowResolved({ ...name, instance: "10.213.0.2", addresses: ["::1"] }), {
      code: "invalid",
    });
    assert.deepEqual(await dialInside(namespace, other), { [other]: "open" });
    // A name that leads to where a list forbids to go opens nothing.
    await network.setEgress("one", { default: "deny", allow: [], deny: [WORLD.other] });
    assert.deepEqual(await dialInside(namespace, other), { [other]: "ECONNREFUSED" });
    assert.equal((await network.egressCounters()).find(({ port }) => port === 80)?.id, "one");
    await network.remove();
  });

  test(
    "the world sees this machine's address, and reaches neither instances nor virtual addresses",
    limit,
    async () => {
      using here = place();
      using _world = makeWorld();
      await using network = await HostNetwork.open(here.options());
      await using _end = removing(network);
      const { namespace } = await network.attach({ id: "one", address: "10.213.0.2", egress: OPEN });
      await network.setVirtualAddresses(["10.213.128.1"]);
      using _virtual = await serveHere("10.213.128.1", 80);
      using _instance = await serveInside(namespace, "0.0.0.0", 80);
      using _server = await serveInside(WORLD.namespace, "0.0.0.0", 80);
      const script = `require("node:net").connect(80, "${WORLD.address}").on("data", (data) => process.stdout.write(data))`;
      assert.equal(await outputInside(namespace, [process.execPath, "-e", script]), WORLD.host);
      assert.deepEqual(
        await dialInside(
          WORLD.namespace,
          "10.213.0.2:80",
          "10.213.128.1:80",
          "10.213.0.1:80",
          `${WORLD.host}:80`,
        ),
        {
          "10.213.0.2:80": "timeout",
          "10.213.128.1:80": "timeout",
          "10.213.0.1:80": "timeout",
          [`${WORLD.host}:80`]: "ECONNREFUSED",
        },
      );
      await network.remove();
    },
  );

  test("notices() names another firewall that drops what is forwarded", limit, async () => {
    using here = place();
    await using network = await HostNetwork.open(here.options());
    await using _end = removing(network);
    const before = await network.notices();
    execFileSync("nft", [
      "add table ip filter; add chain ip filter FORWARD { type filter hook forward priority 0; policy drop; }",
    ]);
    const added = (await network.notices()).filter((notice) => !before.includes(notice));
    assert.match(
      added.join(),
      /^another firewall drops what is forwarded \(chain FORWARD of table ip filter/,
    );
    execFileSync("nft", ["delete", "table", "ip", "filter"]);
    await network.remove();
  });

  test(
    "after kill -9 at any moment of attach() or detach(), everything can be made and removed again",
    { timeout: 60_000 + ROUNDS * ROUND_TIMEOUT_MS },
    async () => {
      using here = place();
      const before = networkState();
      const { directory, homeId, subnet } = here.options();
      const url = new URL("host-network.ts", import.meta.url).href;
      const script = `
      const { HostNetwork } = await import(${JSON.stringify(url)});
      const { systemClock } = await import("@plinth/clock");
      const log = { info() {}, warn() {}, error() {}, debug() {} };
      const network = await HostNetwork.open({ clock: systemClock, log, ...${JSON.stringify({ directory, homeId, subnet })} });
      const egress = ${JSON.stringify(OPEN)};
      console.log("open");
      for (;;) {
        await network.attach({ id: "one", address: "10.213.0.2", port: 80, egress });
        await network.attach({ id: "two", address: "10.213.0.3", egress });
        await network.detach("one");
        await network.detach("two");
      }`;
      for (let round = 0; round < ROUNDS; round += 1) {
        const child: ChildProcess = spawn(process.execPath, ["--input-type=module", "-e", script], {
          cwd: import.meta.dirname,
          stdio: ["ignore", "pipe", "inherit"],
        });
        if (round % 3 !== 0) await once(child.stdout!, "data");
        await systemClock.sleep(Math.random() * 120);
        child.kill("SIGKILL");
        await once(child, "exit");
        await using network = await HostNetwork.open(here.options());
        await using _end = removing(network);
        for (const id of await network.attached()) if (round % 2 === 0) await network.detach(id);
        const one = await network.attach({ id: "one", address: "10.213.0.2", port: 80, egress: OPEN });
        await network.attach({ id: "two", address: "10.213.0.3", egress: OPEN });
        assert.deepEqual(await network.attached(), ["one", "two"]);
        using _server = await serveInside(one.namespace, "127.0.0.1", 80);
        assert.equal(await reply("10.213.0.2", 80), "10.213.0.1");
        if (round % 2 === 0) {
          await network.remove();
          assert.equal(networkState(), before);
        }
      }
      await (await HostNetwork.open(here.options())).remove();
      assert.equal(networkState(), before);
    },
  );
});
