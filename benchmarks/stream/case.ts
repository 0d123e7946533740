import { execFileSync } from "node:child_process";
import { chmodSync, closeSync, ftruncateSync, mkdirSync, openSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Case, type CaseOptions, type Figure, type Outcome } from "../case.ts";
import { accepting, Children, cpuSeconds } from "../children.ts";
import { isInstalled } from "../programs.ts";
import { common, startNginx, temporary } from "../nginx.ts";
import { startProxy } from "../proxy.ts";
import { alternate, medianOf, rawOf } from "../rounds.ts";

const PORTS = {
  upstream: 27_600,
  haproxy: { http: 27_601, tcp: 27_602 },
  node: { http: 27_603, tcp: 27_604 },
  bun: { http: 27_605, tcp: 27_606 },
};
const GIB = 2 ** 30;
const RATIO_MAX = 1.5;
type Protocol = "http" | "tcp";

const upstreamConfig = (directory: string): string => `${common(directory)}
http {
  ${temporary(directory)}
  access_log off;
  sendfile on;
  server { listen 127.0.0.1:${PORTS.upstream}; location / { root ${directory}; } }
}`;

const rivalConfig = `
global
  nbthread 1
defaults
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend http
  mode http
  bind 127.0.0.1:${PORTS.haproxy.http}
  default_backend http
backend http
  mode http
  server a 127.0.0.1:${PORTS.upstream}
frontend tcp
  mode tcp
  bind 127.0.0.1:${PORTS.haproxy.tcp}
  default_backend tcp
backend tcp
  mode tcp
  server a 127.0.0.1:${PORTS.upstream}
`;

function download(port: number, bytes: number): void {
  const text = execFileSync(
    "curl",
    ["-s", "-S", "-o", "/dev/null", "-w", "%{http_code} %{size_download}", `http://127.0.0.1:${port}/body`],
    { encoding: "utf8" },
  );
  if (text !== `200 ${bytes}`) throw new Error(`curl got ${text}`);
}

/** Large bodies: CPU of the whole proxy per GiB, from /proc. */
export const stream: Case = {
  name: "stream",
  does: "One download of 1 GiB (quick: 256 MiB), as an HTTP body and as opaque TCP; HAProxy with one thread, splicing not asked for. CPU of the proxy's processes per GiB; alternating rounds, median.",

  async run({ quick, directory, say }: CaseOptions): Promise<Outcome> {
    const missing = ["nginx", "haproxy", "curl"].filter((command) => !isInstalled(command));
    if (missing.length > 0) return { figures: [], raw: { missing } };
    await using children = new Children();
    const bytes = quick ? GIB / 4 : GIB;
    chmodSync(directory, 0o755); // nginx' workers run as another user
    const upstream = join(directory, "upstream");
    mkdirSync(upstream, { recursive: true });
    const file = openSync(join(upstream, "body"), "w", 0o644);
    ftruncateSync(file, bytes);
    closeSync(file);
    startNginx(children, upstream, upstreamConfig(upstream));
    const config = join(directory, "haproxy.cfg");
    writeFileSync(config, rivalConfig);
    const rival = children.start("haproxy", "-db", "-q", "-f", config).pid!;
    const contenders: { name: string; protocol: Protocol; port: number; pid: number }[] = [];
    for (const protocol of ["http", "tcp"] as const) {
      contenders.push({ name: "haproxy", protocol, port: PORTS.haproxy[protocol], pid: rival });
      for (const runtime of ["node", "bun"] as const) {
        const at = { port: PORTS[runtime][protocol], upstreamPort: PORTS.upstream, protocol };
        const own = join(directory, protocol);
        const pid = startProxy(children, { runtime, directory: own, ...at, listener: "outbound" });
        if (pid !== undefined) contenders.push({ name: runtime, protocol, port: at.port, pid });
      }
    }
    for (const { port } of contenders) await accepting(port);

    const turns = await alternate({
      contenders,
      rounds: quick ? 3 : 5,
      warm: ({ port }) => download(port, bytes),
      measure: ({ port, pid }) => {
        const before = cpuSeconds(pid);
        download(port, bytes);
        return { cpuSecondsPerGib: ((cpuSeconds(pid) - before) * GIB) / bytes };
      },
      say,
      describe: ({ name, protocol }, { cpuSecondsPerGib }) =>
        `${name}, ${protocol}: ${cpuSecondsPerGib.toFixed(2)} s CPU per GiB`,
    });
    const of = (contender: (typeof contenders)[number]): number =>
      medianOf(turns, contender, ({ cpuSecondsPerGib }) => cpuSecondsPerGib);
    const figures: Figure[] = contenders
      .filter(({ name }) => name !== "haproxy")
      .map((contender) => ({
        name: `${contender.protocol === "http" ? "HTTP body" : "opaque TCP"} on ${contender.name === "node" ? "Node" : "Bun"}`,
        unit: "s CPU per GiB",
        ours: of(contender),
        rival: of(
          contenders.find(({ name, protocol }) => name === "haproxy" && protocol === contender.protocol)!,
        ),
        rivalName: "HAProxy",
        ratioMax: RATIO_MAX,
      }));
    const rounds = rawOf(turns, ({ name, protocol }) => `${name}, ${protocol}`);
    return { figures, raw: { bytes, rounds } };
  },
};
