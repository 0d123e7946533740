import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "@plinth/clock";
import { emptySnapshot, type PeerIdentity } from "@plinth/connect";
import { CertificateAuthority, generateKeyPair } from "@plinth/identity";
import type { RuntimeName } from "@plinth/process";
import type { Case, CaseOptions, Figure, Outcome } from "../case.ts";
import { accepting, Children, cpuSeconds } from "../children.ts";
import { isInstalled } from "../programs.ts";
import { common, startNginx, startUpstream, temporary } from "../nginx.ts";
import { controlOf, startProxyWith } from "../proxy.ts";
import { alternate, medianOf, rawOf } from "../rounds.ts";

const UPSTREAM = 27_430;
const PORTS = { nginx: 27_431, node: 27_433, bun: 27_435 };
const CONNECTIONS = 64;
const LOADER = "wrk";
/** Most CPU per request, as a multiple of nginx's. */
const RATIO_MAX: Record<RuntimeName, number> = { node: 1.5, bun: 1.15 };
const CALLER: PeerIdentity = { kind: "service", app: "bench", service: "load" };
const CALLEE: PeerIdentity = { kind: "service", app: "bench", service: "hello" };

/** Two proxies, each of its own host: the load calls the first, the instance is the second's. */
interface Contender {
  readonly name: string;
  readonly port: number;
  readonly pids: readonly number[];
}

interface Certified {
  readonly identity: PeerIdentity;
  readonly certificate: Buffer;
  readonly key: Buffer;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

const pem = (label: string, der: Buffer): string =>
  `-----BEGIN ${label}-----\n${der.toString("base64").replaceAll(/.{64}/g, "$&\n")}\n-----END ${label}-----\n`;

function load(port: number, seconds: number): number {
  const text = execFileSync(
    "wrk",
    ["-t1", `-c${CONNECTIONS}`, `-d${seconds}s`, `http://127.0.0.1:${port}/`],
    { encoding: "utf8" },
  );
  const requests = Number(/(\d+) requests in/.exec(text)?.[1]);
  if (!(requests > 0) || /Non-2xx|Socket errors/.test(text)) throw new Error(`wrk saw errors:\n${text}`);
  return requests;
}

async function certify(authority: CertificateAuthority, identity: PeerIdentity): Promise<Certified> {
  const keys = await generateKeyPair();
  const { certificates, notBeforeMs, notAfterMs } = await authority.issue(identity, keys);
  const key = keys.privateKey.export({ type: "pkcs8", format: "der" });
  return { identity, certificate: certificates[0]!, key, notBeforeMs, notAfterMs };
}

/** The rival as people would set it up between two machines: TLS 1.3 with certificates on both sides, kept connections. */
function startNginxPair(
  children: Children,
  directory: string,
  authority: CertificateAuthority,
  [caller, callee]: readonly [Certified, Certified],
): Contender {
  const files = join(directory, "certificates");
  mkdirSync(files, { recursive: true });
  const root = join(files, "root.pem");
  writeFileSync(root, pem("CERTIFICATE", authority.bundle.roots[0]!));
  for (const [name, { certificate, key }] of Object.entries({ caller, callee })) {
    writeFileSync(join(files, `${name}.pem`), pem("CERTIFICATE", certificate));
    writeFileSync(join(files, `${name}.key`), pem("PRIVATE KEY", key), { mode: 0o600 });
  }
  const server = (name: string, port: number, listen: string, settings: string, target: string): number => {
    const home = join(directory, name);
    return startNginx(
      children,
      home,
      `${common(home)}
http {
  ${temporary(home)}
  access_log ${home}/access.log combined buffer=64k flush=5s;
  keepalive_requests 1000000000;
  upstream instances { server 127.0.0.1:${target}; keepalive 128; keepalive_requests 1000000000; }
  server {
    listen 127.0.0.1:${port} ${listen} backlog=4096;
    ${settings}
    location / {
      proxy_pass ${name === "near" ? "https" : "http"}://instances;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
    }
  }
}`,
    );
  };
  const far = server(
    "far",
    PORTS.nginx + 1,
    "ssl",
    `ssl_protocols TLSv1.3; ssl_certificate ${files}/callee.pem; ssl_certificate_key ${files}/callee.key;
    ssl_client_certificate ${root}; ssl_verify_client on;`,
    String(UPSTREAM),
  );
  const near = server(
    "near",
    PORTS.nginx,
    "",
    // It knows names of hosts and no SPIFFE IDs: the chain alone cannot be checked.
    `proxy_ssl_protocols TLSv1.3; proxy_ssl_certificate ${files}/caller.pem;
    proxy_ssl_certificate_key ${files}/caller.key; proxy_ssl_verify off;`,
    String(PORTS.nginx + 1),
  );
  return { name: "nginx", port: PORTS.nginx, pids: [near, far] };
}

async function startOurPair(
  children: Children,
  runtime: RuntimeName,
  directory: string,
  authority: CertificateAuthority,
  certified: readonly Certified[],
): Promise<Contender | undefined> {
  const port = PORTS[runtime];
  const address = "127.0.0.1";
  const [nearDoor, farDoor] = [port + 20, port + 21];
  const instance = "bench.hello.1";
  const own = { app: "bench", service: "hello" };
  const service = { ...own, protocol: "auto", holdMs: 0 } as const;
  const homes = { near: join(directory, runtime, "near"), far: join(directory, runtime, "far") };
  const near = startProxyWith(children, runtime, homes.near, {
    ...emptySnapshot,
    version: 1,
    services: {
      "bench.hello": { ...service, endpoints: [{ instance, address, port: farDoor, host: "far" }] },
    },
    outbound: [{ address, port, app: "bench", caller: "load", callee: "bench.hello" }],
    peer: { address, port: nearDoor, host: "near", instances: {} },
  });
  const far = startProxyWith(children, runtime, homes.far, {
    ...emptySnapshot,
    version: 1,
    services: { "bench.hello": { ...service, endpoints: [{ instance, address, port: UPSTREAM }] } },
    peer: {
      address,
      port: farDoor,
      host: "far",
      instances: { [instance]: { address, port: UPSTREAM, ...own } },
    },
  });
  if (near === undefined || far === undefined) return undefined;
  const { trustDomain, sequence, roots } = authority.bundle;
  await accepting(port);
  await accepting(farDoor);
  for (const [index, home] of [homes.near, homes.far].entries()) {
    const { identity, certificate, key, notBeforeMs, notAfterMs } = certified[index]!;
    await (
      await controlOf(home)
    ).putIdentities({
      trustDomain,
      sequence,
      roots: roots.map((root) => root.toString("base64")),
      svids: [
        {
          identity,
          certificates: [certificate.toString("base64")],
          privateKey: key.toString("base64"),
          notBeforeMs,
          notAfterMs,
        },
      ],
    });
  }
  return { name: runtime, port, pids: [near, far] };
}

/** Proxies of two hosts before one instance, TLS 1.3 between them: CPU of both per request, from /proc. */
export const tls: Case = {
  name: "tls",
  does: `HTTP/1.1 keep-alive between two hosts, ${CONNECTIONS} connections, small bodies: a proxy on each, mutual TLS 1.3 between them; nginx before nginx, one worker each, connections kept. CPU of both proxies per request; alternating rounds, median.`,

  async run(options: CaseOptions): Promise<Outcome> {
    const missing = ["nginx", LOADER].filter((command) => !isInstalled(command));
    if (missing.length > 0) return { figures: [], raw: { missing } };
    await using children = new Children();
    const { directory } = options;
    const authority = await CertificateAuthority.open({
      path: join(directory, "authority.json"),
      homeId: "bench",
      clock: systemClock,
    });
    const certified = [await certify(authority, CALLER), await certify(authority, CALLEE)] as const;
    startUpstream(children, join(directory, "upstream"), UPSTREAM);
    const contenders = [startNginxPair(children, directory, authority, certified)];
    for (const runtime of ["node", "bun"] as const) {
      const ours = await startOurPair(children, runtime, directory, authority, certified);
      if (ours !== undefined) contenders.push(ours);
    }
    for (const { port } of contenders) await accepting(port);

    const seconds = options.quick ? 3 : 6;
    const cpu = ({ pids }: Contender): number => pids.reduce((sum, pid) => sum + cpuSeconds(pid), 0);
    const turns = await alternate({
      contenders,
      rounds: options.quick ? 3 : 7,
      warm: ({ port }) => load(port, options.quick ? 2 : 4), // handshakes done, compiled, pools filled
      measure: (contender) => {
        const before = cpu(contender);
        const requests = load(contender.port, seconds);
        return { requests, seconds, cpuMicrosPerRequest: ((cpu(contender) - before) * 1e6) / requests };
      },
      say: options.say,
      describe: ({ name }, { requests, cpuMicrosPerRequest }) =>
        `${name}: ${cpuMicrosPerRequest.toFixed(2)} µs CPU per request on two hosts, ${Math.round(requests / seconds)}/s`,
    });
    const of = (contender: Contender): number =>
      medianOf(turns, contender, ({ cpuMicrosPerRequest }) => cpuMicrosPerRequest);
    const [rival, ...own] = contenders;
    const figures: Figure[] = own.map((contender) => ({
      name: `on ${contender.name === "node" ? "Node" : "Bun"}`,
      unit: "µs CPU per request",
      ours: of(contender),
      rival: of(rival!),
      rivalName: "nginx",
      ratioMax: RATIO_MAX[contender.name as RuntimeName],
    }));
    return { figures, raw: { connections: CONNECTIONS, rounds: rawOf(turns, ({ name }) => name) } };
  },
};
