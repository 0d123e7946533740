import assert from "node:assert/strict";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { processUsage } from "@plinth/process";
import { type Chaos, createChaos } from "./chaos.ts";

const IS_SOAK = process.env["PLINTH_SOAK"] === "1";
const LENGTH_MS = IS_SOAK ? 600_000 : 15_000;
const SEED = Number(process.env["PLINTH_SEED"] ?? Math.floor(Math.random() * 2 ** 31));
/** Rounds before anything is compared: compiled code, filled pools, grown heaps. */
const WARM_ROUNDS = 2;
const MIB = 2 ** 20;
/** What heaps grow and shrink by between two collections; a leak of ten minutes is far beyond it in a soak. */
const MEMORY_MARGIN_BYTES: number = 64 * MIB;
/** Kept connections between proxy and instances, of which a flood leaves more for a while; a leak has thousands. */
const DESCRIPTORS_MARGIN = 150;

interface Sample {
  readonly memoryBytes: number;
  readonly descriptors: number;
}

/** The process that a file in the home names. */
function pidIn(home: string, file: string): number {
  return (JSON.parse(readFileSync(join(home, file), "utf8")) as { pid: number }).pid;
}

function sample(pid: number): Sample {
  return {
    memoryBytes: processUsage(pid)!.memoryBytes,
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
  };
}

const floods: Readonly<Record<string, (socket: Socket) => void>> = {
  "heads that never end": (socket) => socket.write("GET / HTTP/1.1\r\nHost: a\r\nX: "),
  "pipelined requests for nobody": (socket) =>
    socket.write("GET / HTTP/1.1\r\nHost: nobody.example\r\n\r\n".repeat(200)),
  "no requests at all": (socket) => socket.write("\x16\x03\x01\x00\x00 what is this?\r\n\r\n"),
  "bodies that stop": (socket) =>
    socket.write(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n${"x".repeat(50_000)}`),
  "clients that leave at once": (socket) => {
    socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n", () => socket.resetAndDestroy());
  },
};

async function flood(home: string): Promise<void> {
  const { ingressPort: port } = JSON.parse(readFileSync(join(home, "settings.json"), "utf8")) as {
    ingressPort: number;
  };
  const all = Object.values(floods).flatMap((begin) =>
    Array.from({ length: 60 }, () => {
      const socket = connect({ port, host: "127.0.0.1" });
      socket.on("error", () => {});
      socket.on("connect", () => begin(socket));
      return socket;
    }),
  );
  await Promise.all(
    all.map((socket) => Promise.race([once(socket, "connect"), once(socket, "close")]).catch(() => {})),
  );
  const closed = all
    .filter((socket) => !socket.closed)
    .map((socket) => once(socket, "close").catch(() => {}));
  for (const socket of all) socket.destroy();
  await Promise.all(closed);
}

/** What is as many as at first, less than that, or more by a margin that does not grow. */
function assertFlat(samples: readonly Sample[], what: string): void {
  const [first, ...later] = samples;
  const last = later.slice(-Math.ceil(later.length / 3));
  // The least of the last third: what a collection had just cleaned up is what is really kept.
  const memoryBytes = Math.min(...last.map((one) => one.memoryBytes));
  const descriptors = Math.min(...last.map((one) => one.descriptors));
  const grown = Math.round((memoryBytes - first!.memoryBytes) / MIB);
  assert.ok(memoryBytes <= first!.memoryBytes + MEMORY_MARGIN_BYTES, `${what} grew by ${grown} MiB`);
  assert.ok(
    descriptors <= first!.descriptors + DESCRIPTORS_MARGIN,
    `${what} had ${first!.descriptors} descriptors at first and has ${descriptors}`,
  );
}

const faults: readonly ((chaos: Chaos) => Promise<void>)[] = [
  (chaos) => flood(chaos.home),
  (chaos) => chaos.killInstance(),
  (chaos) => flood(chaos.home),
  (chaos) => chaos.killDaemon(),
  (chaos) => chaos.deploy(),
];

test(`under mixed load with faults memory and descriptors stay flat (PLINTH_SEED=${SEED})`, async (t) => {
  await using chaos = await createChaos(SEED);
  // A hand-over first: what the next process got from the one before must not pile up either.
  await chaos.check("upgrade the proxy", () => chaos.upgradeProxy());
  const proxy = pidIn(chaos.home, "proxy/proxy.json");
  const proxySamples: Sample[] = [];
  const daemonSamples: Sample[] = [];
  const endMs = performance.now() + LENGTH_MS;
  for (let round = 0; performance.now() < endMs || daemonSamples.length < 2; round++) {
    const fault = faults[round % faults.length]!;
    await chaos.check(`round ${round}`, () => fault(chaos));
    if (round < WARM_ROUNDS) continue;
    proxySamples.push(sample(proxy));
    if (round % faults.length !== 3) continue; // the same time after a daemon's start each time
    daemonSamples.push(sample(pidIn(chaos.home, "daemon.json")));
    const said = [proxySamples, daemonSamples].map((samples) => {
      const { memoryBytes, descriptors } = samples.at(-1)!;
      return `${Math.round(memoryBytes / MIB)} MiB and ${descriptors} descriptors`;
    });
    t.diagnostic(`proxy ${said[0]}, daemon ${said[1]}`);
  }
  assert.equal(pidIn(chaos.home, "proxy/proxy.json"), proxy, "the proxy has lived through all of it");
  assertFlat(proxySamples, "the proxy");
  assertFlat(daemonSamples, "the daemon");
});
