import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { emptySnapshot, type Snapshot } from "@plinth/connect";
import { processUsage, runtimePath } from "@plinth/process";
import { type Case, type CaseOptions, type Figure, median, type Outcome } from "../case.ts";
import { accepting, Children } from "../children.ts";
import { isInstalled } from "../programs.ts";
import { common, startNginx, temporary } from "../nginx.ts";
import { askAtRate } from "../openloop/ask.ts";
import { controlOf, startProxyWith } from "../proxy.ts";

const PORTS = { instances: 27_800, listeners: 27_801, metrics: { node: 27_802, bun: 27_803 } };
const SERVICES = 1_000;
const ENDPOINTS_PER_SERVICE = 10;
const CALLEES_PER_SERVICE = 3;
const CONNECTIONS = 5_000;
const RSS_MAX_MIB = 250;
const IN_FORCE_MAX_MS = 100;
const DELAY_MAX_MS = 10;
const RATE = 1_000;
/** Of all endpoints, what a deploy exchanges. */
const CHANGED_SERVICES = 20;
const HOLDER = new URL("./holder.ts", import.meta.url).pathname;
/** Between two snapshots: more often than a host full of deploys. */
const PAUSE_MS = 300;

/** A loopback address by number. */
const address = (net: number, index: number): string => `127.${net}.${index >> 8}.${index & 255}`;

/** The world at `version`: each service calls the next three; some services' instances are others in each version. */
function worldAt(version: number, metricsPort: number): Snapshot {
  const services: Record<string, Snapshot["services"][string]> = {};
  const outbound: Snapshot["outbound"][number][] = [];
  for (let index = 0; index < SERVICES; index++) {
    const service = `service-${index}`;
    const generation = index < CHANGED_SERVICES ? version : 0;
    services[`bench.${service}`] = {
      app: "bench",
      service,
      protocol: "http",
      holdMs: 30_000,
      endpoints: Array.from({ length: ENDPOINTS_PER_SERVICE }, (_, number) => ({
        instance: `bench.${service}.${generation}-${number}`,
        address: address(80 + (generation % 2), index * ENDPOINTS_PER_SERVICE + number),
        port: PORTS.instances,
      })),
    };
    for (let number = 0; number < CALLEES_PER_SERVICE; number++) {
      outbound.push({
        address: address(78, index * CALLEES_PER_SERVICE + number),
        port: PORTS.listeners,
        app: "bench",
        caller: service,
        callee: `bench.service-${(index + number + 1) % SERVICES}`,
      });
    }
  }
  return {
    ...emptySnapshot,
    version,
    services,
    outbound,
    metrics: { address: "127.0.0.1", port: metricsPort },
  };
}

const instancesConfig = (directory: string): string => `${common(directory).replace("4096", "20000")}
worker_rlimit_nofile 40000;
http {
  ${temporary(directory)}
  access_log off;
  keepalive_requests 1000000000;
  server {
    listen ${PORTS.instances} backlog=4096;
    location / { default_type text/plain; return 200 "Hello from an instance behind a proxy.\\n"; }
  }
}`;

async function holdConnections(): Promise<ChildProcess> {
  const addresses = Array.from({ length: SERVICES * CALLEES_PER_SERVICE }, (_, index) => address(78, index));
  const holder = spawn(
    runtimePath("node")!,
    [HOLDER, `--port=${PORTS.listeners}`, `--connections=${CONNECTIONS}`, `--addresses=${addresses.join()}`],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  await once(holder.stdout, "data");
  return holder;
}

interface Round {
  readonly rssMib: number;
  readonly inForceMs: readonly number[];
  /** The longest request while nothing changed, and while snapshots came. */
  readonly quietMaxMs: number;
  readonly changingMaxMs: number;
}

async function measure(runtime: "node" | "bun", directory: string, quick: boolean): Promise<Round> {
  await using proxies = new Children();
  const home = join(directory, runtime);
  const metricsPort = PORTS.metrics[runtime];
  const pid = startProxyWith(proxies, runtime, home, worldAt(1, metricsPort))!;
  await accepting(metricsPort);
  const holder = await holdConnections();
  const control = await controlOf(home);
  const seconds = quick ? 2 : 4;
  const load = { address: address(78, 0), port: PORTS.listeners, rate: RATE, seconds };
  await askAtRate(load); // warm
  let version = 1;
  const inForceMs: number[] = [];
  const change = async (): Promise<void> => {
    const snapshot = worldAt(++version, metricsPort);
    const startMs = performance.now();
    await control.putSnapshot(snapshot);
    inForceMs.push(performance.now() - startMs);
  };
  for (let warm = 0; warm < 3; warm++) await change();
  inForceMs.length = 0;
  const quiet = await askAtRate(load);
  const changing = askAtRate(load);
  const endMs = performance.now() + seconds * 1_000;
  while (performance.now() < endMs) {
    await change();
    await sleep(PAUSE_MS);
  }
  const { maxMs: changingMaxMs, failed } = await changing;
  if (failed > 0) throw new Error(`${failed} requests failed`);
  const rssMib = processUsage(pid)!.memoryBytes / 2 ** 20;
  const ended = once(holder, "exit");
  holder.kill("SIGKILL");
  await ended;
  return { rssMib, inForceMs, quietMaxMs: quiet.maxMs, changingMaxMs };
}

/** Whether one proxy is enough for a large host. */
export const scale: Case = {
  name: "scale",
  does: `${SERVICES} services, ${SERVICES * CALLEES_PER_SERVICE} call edges, ${SERVICES * ENDPOINTS_PER_SERVICE} endpoints, ${CONNECTIONS} connections held: memory, the time from sending a snapshot until it is in force, and what it adds to the longest of ${RATE} requests a second.`,

  async run({ quick, directory, say }: CaseOptions): Promise<Outcome> {
    if (!isInstalled("nginx")) return { figures: [], raw: { missing: ["nginx"] } };
    await using children = new Children();
    const instances = join(directory, "instances");
    startNginx(children, instances, instancesConfig(instances));
    await accepting(PORTS.instances);
    const figures: Figure[] = [];
    const raw: { runtime: string; round: Round }[] = [];
    for (const runtime of ["node", "bun"] as const) {
      if (runtimePath(runtime) === undefined) continue;
      const rounds: Round[] = [];
      for (let index = 0; index < (quick ? 1 : 3); index++) {
        const round = await measure(runtime, directory, quick);
        rounds.push(round);
        raw.push({ runtime, round });
        say(
          `${runtime}: ${round.rssMib.toFixed(0)} MiB, in force after ${median(round.inForceMs).toFixed(0)} ms, ` +
            `longest request ${round.quietMaxMs.toFixed(1)} ms, with snapshots ${round.changingMaxMs.toFixed(1)} ms`,
        );
      }
      const on = runtime === "node" ? "on Node" : "on Bun";
      const limit = (name: string, unit: string, of: (round: Round) => number, most: number): Figure => ({
        name: `${name} ${on}`,
        unit,
        ours: median(rounds.map(of)),
        rival: most,
        rivalName: "limit",
        ratioMax: 1,
      });
      figures.push(
        limit("resident", "MiB", ({ rssMib }) => rssMib, RSS_MAX_MIB),
        limit("a snapshot in force after", "ms", ({ inForceMs }) => median(inForceMs), IN_FORCE_MAX_MS),
        limit(
          "added to the longest request by snapshots",
          "ms",
          ({ changingMaxMs, quietMaxMs }) => Math.max(0, changingMaxMs - quietMaxMs),
          DELAY_MAX_MS,
        ),
      );
    }
    return { figures, raw };
  },
};
