import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { emptySnapshot, type Snapshot } from "@plinth/connect";
import { serverNameOf } from "@plinth/identity";
import { openTestAuthority } from "@plinth/identity/testing";
import { runtimePath } from "@plinth/process";
import { certify } from "@plinth/proxy/testing";
import type { Case, CaseOptions, Figure, Outcome } from "../case.ts";
import { accepting, Children } from "../children.ts";
import { isInstalled } from "../programs.ts";
import { CpuQuota, quotaKind } from "../cpu-quota.ts";
import { common, startNginx, temporary } from "../nginx.ts";
import { askAtRate } from "../openloop/ask.ts";
import type { OpenLoopReport } from "../openloop/client.ts";
import { controlOf, startProxyWith } from "../proxy.ts";
import { alternate, medianOf, rawOf } from "../rounds.ts";

const PORTS = {
  instances: { flooded: 27_700, quiet: 27_701 },
  nginx: { flooded: 27_702, quiet: 27_703, tls: 27_708 },
  node: { flooded: 27_704, quiet: 27_705, tls: 27_709 },
  bun: { flooded: 27_706, quiet: 27_707, tls: 27_710 },
};
type Roles = (typeof PORTS)["nginx"];

/** Of a processor. The proxy's is what the floods below use up; the victim's leaves its client and instance idle nearly always. */
const QUOTAS = { proxy: 0.6, flooder: 0.6, victim: 0.3, instance: 0.4 };
const VICTIM_RATE = 200;
/** Every eighth of the victim's requests comes on a new connection. */
const VICTIM_FRESH = 8;
const LARGE_BYTES: number = 8 * 1024 * 1024;
const FLOODER = new URL("./flooder.ts", import.meta.url).pathname;
/** A flood has the proxy busy when the victim begins. */
const HEAD_START_MS = 700;

const node = (): string => runtimePath("node")!;
const wrk = (connections: number, ...more: readonly string[]): ((port: number) => readonly string[]) => {
  return (port) => ["wrk", "-t1", `-c${connections}`, "-d60s", ...more, `http://127.0.0.1:${port}/`];
};
const ours = (
  kind: string,
  connections: number,
  ...more: readonly string[]
): ((port: number) => readonly string[]) => {
  const parameters = [FLOODER, `--kind=${kind}`, `--connections=${connections}`, ...more];
  return (port) => [node(), ...parameters, `--port=${port}`];
};

const FLOODS: Readonly<Record<string, (port: number) => readonly string[]>> = {
  requests: wrk(512),
  connections: wrk(256, "-H", "Connection: close"),
  bytes: (port) => ["wrk", "-t1", "-c64", "-d60s", `http://127.0.0.1:${port}/large`],
  "slow-readers": ours("slow-readers", 800),
  "half-open": ours("half-open", 1_500),
  handshakes: ours(
    "handshakes",
    64,
    `--name=${serverNameOf({ kind: "service", app: "bench", service: "flooded" })}`,
  ),
};

const instanceConfig = (directory: string, port: number): string => `${common(directory)}
http {
  ${temporary(directory)}
  access_log off;
  keepalive_requests 1000000000;
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / { default_type text/plain; return 200 "Hello from an instance behind a proxy.\\n"; }
    location /large { root ${directory}; }
  }
}`;

const rivalConfig = (
  directory: string,
  port: number,
  upstream: number,
  tls: string,
): string => `${common(directory)}
http {
  ${temporary(directory)}
  access_log ${directory}/access.log combined buffer=64k flush=5s;
  keepalive_requests 1000000000;
  upstream instances { server 127.0.0.1:${upstream}; keepalive 128; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    ${tls}
    location / {
      proxy_pass http://instances;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
    }
  }
}`;

/** A key of the kind our own are, and certificates asked for. */
function tlsConfig(directory: string): string {
  const [key, certificate] = [join(directory, "key.pem"), join(directory, "certificate.pem")];
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=bench"];
  execFileSync("openssl", ["req", "-x509", ...kind, "-keyout", key, "-out", certificate], {
    stdio: "ignore",
  });
  return `listen 127.0.0.1:${PORTS.nginx.tls} ssl http2 backlog=4096;
    ssl_certificate ${certificate};
    ssl_certificate_key ${key};
    ssl_protocols TLSv1.3;
    ssl_session_tickets off;
    ssl_verify_client optional_no_ca;`;
}

/** Two services, each called by its own caller. */
function snapshotOf(roles: Roles, metricsPort: number): Snapshot {
  const at = { address: "127.0.0.1", app: "bench" };
  const service = (name: "flooded" | "quiet"): Snapshot["services"][string] => ({
    app: "bench",
    service: name,
    protocol: "http",
    holdMs: 0,
    endpoints: [{ instance: `bench.${name}.1`, address: "127.0.0.1", port: PORTS.instances[name] }],
  });
  return {
    ...emptySnapshot,
    version: 1,
    services: { "bench.flooded": service("flooded"), "bench.quiet": service("quiet") },
    outbound: [
      { ...at, port: roles.flooded, caller: "flooder", callee: "bench.flooded" },
      { ...at, port: roles.quiet, caller: "victim", callee: "bench.quiet" },
    ],
    metrics: { address: "127.0.0.1", port: metricsPort },
    peer: {
      host: "bench",
      address: "127.0.0.1",
      port: roles.tls,
      instances: {
        "bench.flooded.1": {
          app: "bench",
          service: "flooded",
          address: "127.0.0.1",
          port: PORTS.instances.flooded,
        },
      },
    },
  };
}

interface Contender {
  readonly name: "nginx" | "node" | "bun";
  readonly flood: string;
}

/** What a flood of one workload costs another on the same proxy, against two proxies beside each other. */
export const fairness: Case = {
  name: "fairness",
  does: `A victim asks ${VICTIM_RATE} times a second through the proxy that another workload floods; against nginx with the flood on one nginx and the victim on another, in the same quota of ${QUOTAS.proxy} of a processor. Flooder, flooded instance and victim with its instance have quotas of their own. The victim's p99; alternating rounds, median.`,

  async run({ quick, directory, say }: CaseOptions): Promise<Outcome> {
    const missing = ["nginx", "wrk", "openssl"].filter((command) => !isInstalled(command));
    const kind = quotaKind();
    if (kind === undefined) missing.push("a cgroup that limits processor time, as root,");
    if (missing.length > 0) return { figures: [], raw: { missing } };
    say(`quotas by ${kind}`);
    using quotas = new DisposableStack();
    const quota = (name: keyof typeof QUOTAS): CpuQuota => quotas.use(new CpuQuota(name, QUOTAS[name]));
    const flooderQuota = quota("flooder");
    const victimQuota = quota("victim");
    await using floodedInstance = new Children(quota("instance"));
    await using quietInstance = new Children(victimQuota);
    await using proxies = new Children(quota("proxy"));
    chmodSync(directory, 0o755); // nginx' workers run as another user
    for (const [role, children] of [
      ["flooded", floodedInstance],
      ["quiet", quietInstance],
    ] as const) {
      const home = join(directory, `instance-${role}`);
      mkdirSync(home);
      writeFileSync(join(home, "large"), Buffer.alloc(LARGE_BYTES));
      startNginx(children, home, instanceConfig(home, PORTS.instances[role]));
      const own = join(directory, `nginx-${role}`);
      const tls = role === "flooded" ? tlsConfig(directory) : "";
      startNginx(proxies, own, rivalConfig(own, PORTS.nginx[role], PORTS.instances[role], tls));
    }
    const names: Contender["name"][] = ["nginx"];
    for (const runtime of ["node", "bun"] as const) {
      const snapshot = snapshotOf(PORTS[runtime], PORTS[runtime].flooded + 20);
      if (startProxyWith(proxies, runtime, join(directory, runtime), snapshot) !== undefined)
        names.push(runtime);
    }
    await using authority = await openTestAuthority();
    const identities = await certify(authority, [
      { kind: "service", app: "bench", service: "flooded" },
      { kind: "host", name: "bench" },
    ]);
    for (const name of names) {
      if (name !== "nginx") {
        await accepting(PORTS[name].quiet);
        await (await controlOf(join(directory, name))).putIdentities(identities);
      }
      for (const port of Object.values(PORTS[name])) await accepting(port);
    }
    const measure = async ({ name, flood }: Contender): Promise<OpenLoopReport> => {
      await using flooders = new Children(flooderQuota);
      const [command, ...parameters] = FLOODS[flood]!(
        PORTS[name][flood === "handshakes" ? "tls" : "flooded"],
      );
      const flooder = flooders.start(command!, ...parameters);
      await sleep(HEAD_START_MS);
      if (flooder.exitCode !== null || flooder.signalCode !== null)
        throw new Error(`the flood of ${flood} ended by itself`);
      const seconds = quick ? 2 : 4;
      const load = { port: PORTS[name].quiet, rate: VICTIM_RATE, seconds, fresh: VICTIM_FRESH };
      const report = await askAtRate(load, victimQuota);
      const ended = once(flooder, "exit");
      flooder.kill("SIGKILL");
      await ended;
      await sleep(HEAD_START_MS); // what is left of the flood is worked off
      return report;
    };
    const contenders = Object.keys(FLOODS).flatMap((flood) => names.map((name) => ({ name, flood })));
    const turns = await alternate({
      contenders,
      rounds: quick ? 1 : 5,
      warm: measure,
      measure,
      say,
      describe: ({ name, flood }, { p50Ms, p99Ms, failed }) =>
        `${flood}, ${name}: p50 ${p50Ms.toFixed(2)} ms, p99 ${p99Ms.toFixed(2)} ms, ${failed} failed`,
    });
    const figures: Figure[] = [];
    for (const contender of contenders) {
      if (contender.name === "nginx") continue;
      const rival = contenders.find(({ name, flood }) => name === "nginx" && flood === contender.flood)!;
      const runtime = contender.name === "node" ? "Node" : "Bun";
      figures.push({
        name: `victim's p99 beside a flood of ${contender.flood} on ${runtime}`,
        unit: "ms",
        ours: medianOf(turns, contender, ({ p99Ms }) => p99Ms),
        rival: medianOf(turns, rival, ({ p99Ms }) => p99Ms),
        rivalName: "nginx beside nginx",
        ratioMax: 1,
      });
    }
    return {
      figures,
      raw: { quotas: QUOTAS, kind, rounds: rawOf(turns, ({ name, flood }) => `${flood}, ${name}`) },
    };
  },
};
