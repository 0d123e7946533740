import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { systemClock } from "@plinth/clock";
import { createLog } from "@plinth/log";
import { arp, datagram, datagram6, frame, SEE, SEND, TYPE } from "./frames.ts";
import { HostNetwork } from "./host-network.ts";
import { bridgeMac, instanceMac } from "./names.ts";
import {
  dialInside,
  inside,
  makeWorld,
  onOwnMachine,
  outputInside,
  serveHere,
  serveInside,
} from "./own-machine.ts";
import type { TaskNetwork } from "./task-network.ts";

const HOME = "spoofed-home";
const GATEWAY = "10.213.0.1";
const VIRTUAL = "10.213.128.1";
const OURS = "10.213.0.2";
const THEIRS = "10.213.0.3";
const ourMac = instanceMac(OURS);
const theirMac = instanceMac(THEIRS);
const hostMac = bridgeMac(HOME);
const EVERYBODY = "ff:ff:ff:ff:ff:ff";
const NOBODY = "00:00:00:00:00:00";

interface Setting extends AsyncDisposable {
  readonly network: HostNetwork;
  readonly ours: TaskNetwork;
  readonly theirs: TaskNetwork;
}

async function setting(): Promise<Setting> {
  const directory = mkdtempSync(join(tmpdir(), "plinth-spoof-"));
  const log = createLog({ clock: systemClock, write: () => {} });
  const subnet = "10.213.0.0/16";
  const network = await HostNetwork.open({ clock: systemClock, log, homeId: HOME, subnet, directory });
  const egress = { default: "allow", allow: [], deny: [] } as const;
  const ours = await network.attach({ id: "ours", address: OURS, port: 8080, egress });
  const theirs = await network.attach({ id: "theirs", address: THEIRS, port: 8080, egress });
  await network.setVirtualAddresses([VIRTUAL]);
  return {
    network,
    ours,
    theirs,
    [Symbol.asyncDispose]: async () => {
      await network.remove();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

const hasPython = spawnSync("python3", ["-c", "import socket"]).status === 0;

const send = (namespace: string, frames: readonly Buffer[]): Promise<string> =>
  outputInside(namespace, ["python3", "-c", SEND, ...frames.map((bytes) => bytes.toString("hex"))]);

const toHost = { from: OURS, to: GATEWAY, port: 53 };
const ip = (changes: Partial<Parameters<typeof datagram>[0]> & { readonly text: string }): Buffer =>
  datagram({ ...toHost, ...changes });
const sourceRoute = Buffer.from([131, 7, 4, 10, 213, 0, 3, 0]);
const recordRoute = Buffer.from([7, 7, 4, 0, 0, 0, 0, 0]);
const routerAlert = Buffer.from([148, 4, 0, 0]);
const allNodes = Buffer.from("ff020000000000000000000000000001", "hex");

/** Everything that must reach nobody: neither this machine nor the neighbour. */
const forged: Readonly<Record<string, Buffer>> = {
  "the neighbour's address": frame(hostMac, ourMac, TYPE.ip, ip({ from: THEIRS, text: "address" })),
  "the neighbour's address and MAC": frame(hostMac, theirMac, TYPE.ip, ip({ from: THEIRS, text: "both" })),
  "the neighbour's MAC": frame(hostMac, theirMac, TYPE.ip, ip({ text: "mac" })),
  "a MAC of nobody's": frame(hostMac, "02:00:00:00:00:77", TYPE.ip, ip({ text: "random mac" })),
  "the host's MAC": frame(hostMac, hostMac, TYPE.ip, ip({ text: "host mac" })),
  "the gateway's address": frame(hostMac, ourMac, TYPE.ip, ip({ from: GATEWAY, text: "gateway" })),
  "a virtual address": frame(hostMac, ourMac, TYPE.ip, ip({ from: VIRTUAL, text: "virtual" })),
  "loopback's address": frame(hostMac, ourMac, TYPE.ip, ip({ from: "127.0.0.1", text: "loopback" })),
  "another home's address": frame(hostMac, ourMac, TYPE.ip, ip({ from: "10.214.0.2", text: "home" })),
  "an address of the world": frame(hostMac, ourMac, TYPE.ip, ip({ from: "192.0.2.1", text: "world" })),
  "no address": frame(hostMac, ourMac, TYPE.ip, ip({ from: "0.0.0.0", text: "none" })),
  "DHCP's first question": frame(
    EVERYBODY,
    ourMac,
    TYPE.ip,
    ip({ from: "0.0.0.0", to: "255.255.255.255", fromPort: 68, port: 67, text: "dhcp" }),
  ),
  "DHCP's answer": frame(
    EVERYBODY,
    ourMac,
    TYPE.ip,
    ip({ to: "255.255.255.255", fromPort: 67, port: 68, text: "dhcp" }),
  ),
  "everybody on the bridge": frame(EVERYBODY, ourMac, TYPE.ip, ip({ text: "broadcast" })),
  "many on the bridge": frame(
    "01:00:5e:00:00:01",
    ourMac,
    TYPE.ip,
    ip({ to: "224.0.0.1", text: "multicast" }),
  ),
  "the neighbour directly": frame(theirMac, ourMac, TYPE.ip, ip({ to: THEIRS, text: "direct" })),
  "the neighbour's MAC, the host's address": frame(theirMac, ourMac, TYPE.ip, ip({ text: "direct" })),
  "the neighbour through the host": frame(hostMac, ourMac, TYPE.ip, ip({ to: THEIRS, text: "through" })),
  "a bridge's own address": frame("01:80:c2:00:00:00", ourMac, TYPE.ip, ip({ text: "bridge group" })),
  "LLDP's address": frame("01:80:c2:00:00:0e", ourMac, TYPE.ip, ip({ text: "lldp" })),
  "pause frames' address": frame("01:80:c2:00:00:01", ourMac, TYPE.ip, ip({ text: "pause" })),
  "the host's loopback": frame(hostMac, ourMac, TYPE.ip, ip({ to: "127.0.0.1", text: "to loopback" })),
  "a tag": frame(hostMac, ourMac, TYPE.ip, ip({ text: "vlan" }), TYPE.vlan),
  "a provider's tag": frame(hostMac, ourMac, TYPE.ip, ip({ text: "provider" }), TYPE.provider),
  "two tags": frame(hostMac, ourMac, TYPE.ip, ip({ text: "two tags" }), TYPE.provider, TYPE.vlan),
  "a tag and the neighbour's address": frame(
    hostMac,
    ourMac,
    TYPE.ip,
    ip({ from: THEIRS, text: "tag" }),
    TYPE.vlan,
  ),
  "a source route": frame(hostMac, ourMac, TYPE.ip, ip({ options: sourceRoute, text: "source route" })),
  "a recorded route": frame(hostMac, ourMac, TYPE.ip, ip({ options: recordRoute, text: "record route" })),
  "a router alert": frame(hostMac, ourMac, TYPE.ip, ip({ options: routerAlert, text: "alert" })),
  "IPv6 to everybody": frame("33:33:00:00:00:01", ourMac, TYPE.ip6, datagram6(allNodes, "ip6")),
  "IPv6 to the host": frame(hostMac, ourMac, TYPE.ip6, datagram6(allNodes, "ip6")),
  "IPv6 named IPv4": frame(hostMac, ourMac, TYPE.ip, datagram6(allNodes, "ip6 as ip")),
  "IPv4 named IPv6": frame(hostMac, ourMac, TYPE.ip6, ip({ text: "ip as ip6" })),
  "the gateway, in ARP": frame(
    EVERYBODY,
    ourMac,
    TYPE.arp,
    arp("reply", [ourMac, GATEWAY], [NOBODY, THEIRS]),
  ),
  "the gateway, gratuitously": frame(
    EVERYBODY,
    ourMac,
    TYPE.arp,
    arp("request", [ourMac, GATEWAY], [NOBODY, GATEWAY]),
  ),
  "the neighbour, in ARP": frame(
    hostMac,
    ourMac,
    TYPE.arp,
    arp("reply", [ourMac, THEIRS], [hostMac, GATEWAY]),
  ),
  "the neighbour, asking": frame(
    EVERYBODY,
    ourMac,
    TYPE.arp,
    arp("request", [ourMac, THEIRS], [NOBODY, GATEWAY]),
  ),
  "itself, gratuitously": frame(EVERYBODY, ourMac, TYPE.arp, arp("request", [ourMac, OURS], [NOBODY, OURS])),
  "another MAC, in ARP": frame(
    EVERYBODY,
    ourMac,
    TYPE.arp,
    arp("request", [theirMac, OURS], [NOBODY, GATEWAY]),
  ),
  "another MAC around ARP": frame(
    EVERYBODY,
    theirMac,
    TYPE.arp,
    arp("request", [ourMac, OURS], [NOBODY, GATEWAY]),
  ),
  "a question for the neighbour": frame(
    EVERYBODY,
    ourMac,
    TYPE.arp,
    arp("request", [ourMac, OURS], [NOBODY, THEIRS]),
  ),
  "a spanning tree": frame(
    "01:80:c2:00:00:00",
    ourMac,
    38,
    Buffer.from("4242030000000000plinth-frame stp", "latin1"),
  ),
};

onOwnMachine(import.meta.url, () => {
  test(
    "no forged frame reaches this machine or a neighbour, even from one with all capabilities",
    { timeout: 30_000 },
    async (context) => {
      if (!hasPython) {
        context.skip("python3 is missing, which sends the frames");
        return;
      }
      await using here = await setting();
      // The kernel lists them in no order.
      const neighbours = (): string[] =>
        execFileSync("ip", ["neigh"], { encoding: "utf8" }).split("\n").sort();
      const knew = neighbours();
      // On all of the machine's addresses: whatever gets past the bridge is seen.
      const socket = createSocket("udp4").bind(53, "0.0.0.0");
      const other = createSocket("udp4").bind(67, "0.0.0.0");
      context.after(() => void [socket.close(), other.close()]);
      await once(other, "listening");
      const received: string[] = [];
      const last = Promise.withResolvers<void>();
      for (const receiver of [socket, other]) {
        receiver.on("message", (message, { address }) => {
          const line = `${address} ${String(message)}`;
          received.push(line);
          if (line.endsWith("last")) last.resolve();
        });
      }
      const neighbour = inside(here.theirs.namespace, ["python3", "-c", SEE]);
      context.after(() => void neighbour.kill("SIGKILL"));
      await once(neighbour.stdout!, "data");
      const seen = text(neighbour.stdout!);

      const first = frame(hostMac, ourMac, TYPE.ip, ip({ text: "first" }));
      const final = frame(hostMac, ourMac, TYPE.ip, ip({ text: "last" }));
      await send(here.ours.namespace, [first, ...Object.values(forged), final]);
      await last.promise;
      socket.send("plinth-frame end", 9, THEIRS);
      assert.equal((await seen).trim(), "end");
      assert.deepEqual(received, [`${OURS} plinth-frame first`, `${OURS} plinth-frame last`]);
      assert.deepEqual(neighbours(), knew);
      const counters = execFileSync("nft", ["list", "counters", "table", "bridge", "plinth0"], {
        encoding: "utf8",
      });
      const dropped = Number(/packets (\d+)/.exec(counters)?.[1]);
      // Those for the neighbour through the host, and for loopback, are refused further up.
      assert.ok(
        dropped >= Object.keys(forged).length - 4,
        `${dropped} dropped of ${Object.keys(forged).length}`,
      );
    },
  );

  test("an instance that gives itself another address is heard by nobody", { timeout: 30_000 }, async () => {
    await using here = await setting();
    using _virtual = await serveHere(VIRTUAL, 80);
    const { namespace } = here.ours;
    const target = `${VIRTUAL}:80`;
    assert.deepEqual(await dialInside(namespace, target), { [target]: "open" });
    const change = (...commands: readonly string[]): void =>
      void execFileSync("ip", ["-n", "plinth0.ours", "-batch", "-"], { input: `${commands.join("\n")}\n` });
    change(
      `addr add ${THEIRS}/32 dev eth0`,
      `route replace ${VIRTUAL} via ${GATEWAY} dev eth0 src ${THEIRS} onlink`,
    );
    assert.deepEqual(await dialInside(namespace, target), { [target]: "timeout" });
    change(`link set dev eth0 address ${theirMac}`, `neigh replace ${GATEWAY} lladdr ${hostMac} dev eth0`);
    assert.deepEqual(await dialInside(namespace, target), { [target]: "timeout" });
    const back = await dialInside(here.theirs.namespace, target);
    assert.deepEqual(back, { [target]: "open" });
  });

  test(
    "an instance reaches virtual addresses and names, and nothing else of this machine",
    { timeout: 30_000 },
    async () => {
      await using here = await setting();
      using _world = makeWorld();
      execFileSync("ip", ["addr", "add", "192.0.2.1/32", "dev", "lo"]);
      using _virtual = await serveHere(VIRTUAL, 80);
      using _names = await serveHere(GATEWAY, 53);
      using _everywhere = await serveHere("0.0.0.0", 22);
      using _both = await serveHere("::", 2222);
      using _loopback = await serveHere("127.0.0.1", 7080);
      using _neighbour = await serveInside(here.theirs.namespace, "0.0.0.0", 8080);
      const { namespace } = here.ours;
      const open = [`${VIRTUAL}:80`, `${GATEWAY}:53`];
      const closed = [
        `${VIRTUAL}:22`,
        `${VIRTUAL}:2222`,
        `${GATEWAY}:22`,
        `${GATEWAY}:2222`,
        `${GATEWAY}:7080`,
        "127.0.0.1:7080",
        "192.0.2.1:22",
        `${THEIRS}:8080`,
        "10.213.128.99:80",
        "169.254.169.254:80",
      ];
      const results = await dialInside(namespace, ...open, ...closed);
      for (const target of open) assert.equal(results[target], "open", target);
      for (const target of closed) assert.match(results[target] ?? "", /^(ECONNREFUSED|EACCES)$/, target);
      assert.deepEqual(await dialInside(here.theirs.namespace, `${THEIRS}:8080`), {
        [`${THEIRS}:8080`]: "open",
      });
      // What is from and to this machine stays out of the table that all its connections share.
      assert.doesNotMatch(readFileSync("/proc/net/nf_conntrack", "utf8"), /dst=10\.213\.128\.1/);
      execFileSync("ip", ["addr", "del", "192.0.2.1/32", "dev", "lo"]);
    },
  );
});
