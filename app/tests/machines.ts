import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { networkInterfaces } from "node:os";
import { createInterface } from "node:readline";

/** A machine as far as Plinth can tell: its own network, mounts and name, on a cable to the others. */
export interface Machine {
  readonly name: string;
  /** On the network that the test and all machines are on. */
  readonly address: string;
  /** Before a command: runs it on this machine. */
  readonly inside: readonly string[];
  /** Pulls the cable, or puts it back in. */
  cable(isIn: boolean): void;
}

export interface Machines extends AsyncDisposable {
  readonly machines: readonly Machine[];
  /** The test's own, on the network that all are on. */
  readonly address: string;
}

const run = (...command: readonly string[]): void =>
  void execFileSync(command[0]!, command.slice(1), { stdio: ["ignore", "ignore", "pipe"] });

/**
 * What a machine's first process does. /run and /var/tmp are its own, as claims of one machine are kept there; so is
 * /sys, which shows the network it was mounted in.
 */
const BOOT = [
  "mount -t tmpfs tmpfs /run",
  "mkdir -p /run/lock /run/netns /run/cgroup",
  "mount --rbind /sys/fs/cgroup /run/cgroup",
  "mount -t sysfs sysfs /sys",
  "mount --rbind /run/cgroup /sys/fs/cgroup",
  "mount -t tmpfs tmpfs /var/tmp",
  'hostname "$0"',
  "ip link set lo up",
  "echo ready",
  "exec cat",
].join(" && ");

let made = 0;

/** The first three numbers of a network that this machine is not on; one may be left of a test that was killed. */
function freeNetwork(): string {
  const taken = Object.values(networkInterfaces()).flatMap((all) => all!.map(({ address }) => address));
  for (let third = 83; third < 255; third++) {
    const network = `192.168.${third}`;
    if (!taken.some((address) => address.startsWith(`${network}.`))) return network;
  }
  throw new Error("no network is free");
}

/** Machines made of namespaces, joined by a bridge; needs root. The test itself has the last address there. */
export async function createMachines(...names: readonly string[]): Promise<Machines> {
  await using setup = new AsyncDisposableStack();
  const bridge = `pt${process.pid}${made++ % 10}`;
  const network = freeNetwork();
  run("ip", "link", "add", "name", bridge, "type", "bridge");
  setup.defer(() => run("ip", "link", "del", bridge));
  const gateway = `${network}.254`;
  run("ip", "addr", "add", `${gateway}/24`, "dev", bridge);
  run("ip", "link", "set", bridge, "up");
  const machines: Machine[] = [];
  for (const [index, name] of names.entries()) {
    const holder: ChildProcess = spawn("unshare", ["--net", "--mount", "--uts", "sh", "-c", BOOT, name], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    setup.defer(async () => {
      const ended = once(holder, "close");
      holder.stdin!.end();
      await ended;
    });
    await once(createInterface(holder.stdout!), "line");
    const cable = `${bridge}${index}`;
    const inside = ["nsenter", "--net", "--mount", "--uts", "--target", String(holder.pid), "--"];
    run("ip", "link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", String(holder.pid));
    run("ip", "link", "set", cable, "master", bridge, "up");
    const address = `${network}.${index + 1}`;
    run(...inside, "ip", "addr", "add", `${address}/24`, "dev", "eth0");
    run(...inside, "ip", "link", "set", "eth0", "up");
    run(...inside, "ip", "route", "add", "default", "via", gateway);
    machines.push({
      name,
      address,
      inside,
      cable: (isIn) => run("ip", "link", "set", cable, isIn ? "up" : "down"),
    });
  }
  const lifetime = setup.move();
  return { machines, address: gateway, [Symbol.asyncDispose]: () => lifetime.disposeAsync() };
}

/** Puts a file in the place of one that the machine has, and nobody else sees it. */
export function putFile({ inside }: Machine, from: string, to: string): void {
  run(...inside, "mount", "--bind", from, to);
}
