import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Case, type CaseOptions, type Figure, type Outcome } from "../case.ts";
import { accepting, Children, cpuSeconds } from "../children.ts";
import { isInstalled } from "../programs.ts";
import { common, startNginx, temporary } from "../nginx.ts";
import { startProxy } from "../proxy.ts";
import { alternate, medianOf, rawOf } from "../rounds.ts";

const PORTS = { upstream: 27_500, nginx: 27_501, node: 27_502, bun: 27_503 };
const CONNECTIONS = 16;
const CALLS_AT_ONCE = 8;
const RATIO_MAX = 1.4;
const LOADER = "h2load";
/** A gRPC message of 32 bytes in its frame. */
const MESSAGE: Buffer = Buffer.concat([Buffer.from([0, 0, 0, 0, 32]), Buffer.alloc(32, "a")]);

const rivalConfig = (directory: string): string => `${common(directory)}
http {
  ${temporary(directory)}
  access_log ${directory}/access.log combined buffer=64k flush=5s;
  keepalive_requests 1000000000;
  upstream instances { server 127.0.0.1:${PORTS.upstream}; keepalive 256; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${PORTS.nginx} http2 backlog=4096;
    location / { grpc_pass grpc://instances; grpc_set_header X-Forwarded-For $remote_addr; }
  }
}`;

function load(port: number, calls: number, message: string): void {
  const parameters = ["-n", String(calls), "-c", String(CONNECTIONS), "-m", String(CALLS_AT_ONCE)];
  parameters.push("-d", message, "-H", "content-type: application/grpc", "-H", "te: trailers");
  parameters.push(`http://127.0.0.1:${port}/bench.Hello/Say`);
  const text = execFileSync(LOADER, parameters, { encoding: "utf8" });
  if (!text.includes(` ${calls} succeeded, 0 failed`)) throw new Error(`h2load saw errors:\n${text}`);
}

/** Unary gRPC calls: CPU of the whole proxy per call, from /proc. */
export const grpc: Case = {
  name: "grpc",
  does: `gRPC unary calls from service to service, ${CONNECTIONS} connections with ${CALLS_AT_ONCE} calls at once each; nginx grpc_pass with one worker and upstream keep-alive. CPU of the proxy's processes per call; alternating rounds, median.`,

  async run({ quick, directory, say }: CaseOptions): Promise<Outcome> {
    const missing = ["nginx", "nghttpd", LOADER].filter((command) => !isInstalled(command));
    if (missing.length > 0) return { figures: [], raw: { missing } };
    await using children = new Children();
    const message = join(directory, "message");
    writeFileSync(message, MESSAGE);
    // It answers when it has read the whole call, as a server of unary calls does.
    children.start("nghttpd", "--no-tls", "--echo-upload", "--address=127.0.0.1", String(PORTS.upstream));
    const rivalDirectory = join(directory, "nginx");
    const rival = startNginx(children, rivalDirectory, rivalConfig(rivalDirectory));
    const contenders = [{ name: "nginx", port: PORTS.nginx, pid: rival }];
    for (const runtime of ["node", "bun"] as const) {
      const at = { port: PORTS[runtime], upstreamPort: PORTS.upstream };
      const pid = startProxy(children, { runtime, directory, ...at, protocol: "grpc", listener: "outbound" });
      if (pid !== undefined) contenders.push({ name: runtime, port: PORTS[runtime], pid });
    }
    for (const { port } of [{ port: PORTS.upstream }, ...contenders]) await accepting(port);

    const calls = quick ? 40_000 : 150_000;
    const turns = await alternate({
      contenders,
      rounds: quick ? 3 : 7,
      warm: ({ port }) => load(port, calls, message), // compiled, pools filled
      measure: ({ port, pid }) => {
        const before = cpuSeconds(pid);
        load(port, calls, message);
        return { calls, cpuMicrosPerCall: ((cpuSeconds(pid) - before) * 1e6) / calls };
      },
      say,
      describe: ({ name }, { cpuMicrosPerCall }) => `${name}: ${cpuMicrosPerCall.toFixed(2)} µs CPU per call`,
    });
    const of = (contender: (typeof contenders)[number]): number =>
      medianOf(turns, contender, ({ cpuMicrosPerCall }) => cpuMicrosPerCall);
    const [first, ...own] = contenders;
    const figures: Figure[] = own.map((contender) => ({
      name: `on ${contender.name === "node" ? "Node" : "Bun"}`,
      unit: "µs CPU per call",
      ours: of(contender),
      rival: of(first!),
      rivalName: "nginx grpc_pass",
      ratioMax: RATIO_MAX,
    }));
    const rounds = rawOf(turns, ({ name }) => name);
    return { figures, raw: { connections: CONNECTIONS, callsAtOnce: CALLS_AT_ONCE, rounds } };
  },
};
