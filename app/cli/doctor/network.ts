import { execFile } from "node:child_process";
import { readFileSync, readdirSync, readlinkSync } from "node:fs";
import { promisify } from "node:util";
import { whyNoListener } from "@plinth/process";
import { type Check, bad, good, weak } from "./check.ts";

const DEFAULT_PORTS: readonly (readonly [name: string, port: number])[] = [
  ["ingress", 8080],
  ["API and dashboard", 7080],
  ["proxy metrics", 7081],
];
/** Where (caller, callee) pairs get their addresses: both ends of 127.64.0.0/10. */
const LOOPBACK_SAMPLES: readonly string[] = ["127.64.0.1", "127.127.255.254"];
/** A machine that knows the name by itself answers at once. */
const NAME_MS_MAX = 2000;
const INSTANCE_PORTS: readonly [number, number] = [20_000, 29_999];

/** What can be listened on. Ports are looked at only while no daemon of this home holds them. */
export async function networkChecks(isRunning: boolean): Promise<Check[]> {
  const ports = isRunning
    ? []
    : await Promise.all(DEFAULT_PORTS.map(([name, port]) => portCheck(name, port)));
  return [...ports, await loopback(), ephemeralPorts(), await localNames()];
}

async function portCheck(name: string, port: number): Promise<Check> {
  const failure = await whyNoListener("127.0.0.1", port);
  if (failure === undefined) return good(`port ${port}`, `free for the ${name}`);
  const owner = portOwner(port);
  const home = owner === undefined ? undefined : /--home[= ](\S+)/.exec(owner.command)?.[1];
  const who =
    home !== undefined
      ? `the Plinth in ${home}`
      : owner === undefined
        ? "another process"
        : `process ${owner.pid} (${owner.command})`;
  return weak(
    `port ${port}`,
    `taken by ${who}`,
    `The ${name} gets another port; \`plinth up\` says which, and takes flags for it.`,
    "docs/how-to/deploy.md#reached-from-outside",
  );
}

/** The process that listens on a port, as far as this user may see. */
function portOwner(port: number): { pid: number; command: string } | undefined {
  const inodes = new Set<string>();
  for (const table of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    for (const line of readText(table).split("\n").slice(1)) {
      const [, local, , state, , , , , , inode] = line.trim().split(/\s+/);
      const LISTEN = "0A";
      if (state === LISTEN && Number.parseInt(local?.split(":")[1] ?? "", 16) === port)
        inodes.add(`socket:[${inode}]`);
    }
  }
  if (inodes.size === 0) return undefined;
  for (const pid of readdirSync("/proc").filter((name) => /^[0-9]+$/.test(name))) {
    for (const descriptor of list(`/proc/${pid}/fd`)) {
      if (!inodes.has(link(`/proc/${pid}/fd/${descriptor}`))) continue;
      return { pid: Number(pid), command: readText(`/proc/${pid}/cmdline`).replaceAll("\0", " ").trim() };
    }
  }
  return undefined;
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function list(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return []; // gone, or another user's
  }
}

function link(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}

async function loopback(): Promise<Check> {
  for (const address of LOOPBACK_SAMPLES) {
    const failure = await whyNoListener(address, 0);
    if (failure !== undefined) {
      return bad(
        "loopback",
        `cannot listen on ${address}: ${failure}`,
        "Services are given addresses in 127.64.0.0/10; the loopback interface must answer for all of 127.0.0.0/8, as Linux does by default.",
      );
    }
  }
  return good("loopback", "127.64.0.0/10 can be listened on");
}

/** The kernel hands out ports for outgoing connections: it must not take those of instances. */
function ephemeralPorts(): Check {
  const [low = 0, high = 0] = readText("/proc/sys/net/ipv4/ip_local_port_range")
    .trim()
    .split(/\s+/)
    .map(Number);
  const [first, last] = INSTANCE_PORTS;
  if (high < first || low > last)
    return good("port range", `instances' ports ${first}-${last} are apart from the kernel's ${low}-${high}`);
  return weak(
    "port range",
    `instances' ports ${first}-${last} overlap the kernel's ${low}-${high}`,
    "sysctl net.ipv4.ip_local_port_range='32768 60999' keeps them apart.",
  );
}

/** Asked by a process of its own: one that waits for a name server, the system waits for as long as it likes. */
async function localNames(): Promise<Check> {
  try {
    const { stdout } = await promisify(execFile)("getent", ["ahosts", "plinth.localhost"], {
      timeout: NAME_MS_MAX,
    });
    const [address = ""] = stdout.split(/\s/, 1);
    if (address === "127.0.0.1" || address === "::1")
      return good("names", "*.localhost leads to this machine");
    return weak(
      "names",
      `plinth.localhost leads to ${address}`,
      "RFC 6761 reserves .localhost for this machine; ask whoever runs the name server.",
    );
  } catch {
    return weak(
      "names",
      "*.localhost is not known to the system",
      "Browsers and curl know it by themselves; for other programs install libnss-myhostname.",
    );
  }
}
