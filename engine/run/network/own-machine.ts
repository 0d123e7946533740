/** For tests: a machine of their own, made of namespaces, so that nothing of the real one's network is touched. */
import assert from "node:assert/strict";
import { type ChildProcess, execFile, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { detectNetwork } from "./ability.ts";

/** Of kill-and-look tests; soaks have many. */
export const ROUNDS: number = Number(process.env["PLINTH_ROUNDS"] ?? "5");
export const ROUND_TIMEOUT_MS = 5000;
const INSIDE = "PLINTH_TEST_OWN_MACHINE";
/** The cgroups of the real machine stay: drivers put tasks into them. */
const SETUP = `
set -e
mount -t tmpfs tmpfs /run
mkdir /run/sys
mount -t sysfs sysfs /run/sys
if [ -e /sys/fs/cgroup/. ]; then mount --rbind /sys/fs/cgroup /run/sys/fs/cgroup; fi
mount --move /run/sys /sys
ip link set lo up
exec "$@"
`;

const run = promisify(execFile);

/** Runs a file's tests on a machine of their own, where this one can have such; otherwise says by name what lacks. */
export function onOwnMachine(file: string, define: () => void): void {
  if (process.env[INSIDE] !== undefined) {
    define();
    return;
  }
  const path = fileURLToPath(file);
  const name = path.slice(path.lastIndexOf("/") + 1);
  test(
    `${name}, on a machine of its own`,
    { timeout: 120_000 + ROUNDS * ROUND_TIMEOUT_MS },
    async (context) => {
      const { available, reason } = await detectNetwork();
      if (!available) {
        context.skip(`no networks for instances here: ${reason}`);
        return;
      }
      const { NODE_TEST_CONTEXT: _, ...env } = process.env;
      const node = [process.execPath, "--test", "--test-reporter=tap", path];
      const { stdout } = await run(
        "unshare",
        ["--net", "--mount", "--", "/bin/sh", "-c", SETUP, "sh", ...node],
        { env: { ...env, [INSIDE]: "1" }, maxBuffer: 2 ** 24, signal: context.signal },
      ).catch((error: { stdout: string }) => assert.fail(error.stdout));
      assert.match(stdout, /^# fail 0$/m, stdout);
      assert.doesNotMatch(stdout, /^# pass 0$/m, stdout);
      for (const [, skipped] of stdout.matchAll(/# SKIP (.*)$/gm)) context.diagnostic(`skipped: ${skipped}`);
    },
  );
}

/** All of this machine's network that somebody could leave behind; whether a link carries anything is left out. */
export function networkState(): string {
  const commands = [
    ["ip", "-br", "link"],
    ["ip", "-br", "addr"],
    ["ip", "route", "show", "table", "all"],
    ["ip", "neigh"],
    ["ip", "netns"],
    ["nft", "list", "ruleset"],
    ["cat", "/proc/sys/net/ipv4/ip_forward"],
    ["find", "/run", "-mindepth", "1", "-not", "-path", "/run/netns"],
  ] as const;
  const outputs = commands.map(([tool, ...parameters]) =>
    execFileSync(tool, parameters, { encoding: "utf8" }),
  );
  return outputs
    .join("\n")
    .replaceAll(/NO-CARRIER,| linkdown|packets \d+ bytes \d+/g, "")
    .replaceAll(/^(\S+ +)(UP|DOWN) +/gm, "$1");
}

/** Runs a command inside a namespace, with all capabilities: what an instance must not be able to do even then. */
export function inside(namespace: string, command: readonly string[]): ChildProcess {
  return spawn("nsenter", [`--net=${namespace}`, "--", ...command], { stdio: ["pipe", "pipe", "inherit"] });
}

export async function outputInside(namespace: string, command: readonly string[]): Promise<string> {
  const { stdout } = await run("nsenter", [`--net=${namespace}`, "--", ...command]);
  return stdout.trim();
}

/** A dropped packet shows only by the absence of an answer. */
const DIAL_TIMEOUT_MS = 700;

const DIAL = `
const { connect } = require("node:net");
const dial = (target) => new Promise((resolve) => {
  const [, host, port] = /^(.*):(\\d+)$/.exec(target);
  const socket = connect({ host, port: Number(port), timeout: ${DIAL_TIMEOUT_MS} });
  const end = (result) => { socket.destroy(); resolve(result); };
  socket.on("connect", () => end("open")).on("timeout", () => end("timeout")).on("error", (error) => end(error.code));
});
Promise.all(process.argv.slice(1).map(dial)).then((results) => console.log(JSON.stringify(results)));
`;

/** What becomes of connections from inside a namespace: "open", "timeout" or an error code, by target. */
export async function dialInside(
  namespace: string,
  ...targets: readonly string[]
): Promise<Record<string, string>> {
  const results = JSON.parse(
    await outputInside(namespace, [process.execPath, "-e", DIAL, ...targets]),
  ) as string[];
  return Object.fromEntries(targets.map((target, index) => [target, results[index] ?? ""]));
}

/** A server inside a namespace that writes its peer's address to each connection; resolves when it listens. */
export async function serveInside(
  namespace: string,
  address: string,
  port: number,
): Promise<ChildProcess & Disposable> {
  const script = `require("node:net").createServer((socket) => socket.on("error", () => {}).end(socket.remoteAddress)).listen(${port}, "${address}", () => console.log("up"))`;
  const child = inside(namespace, [process.execPath, "-e", script]);
  await new Promise((resolve) => child.stdout?.once("data", resolve));
  return Object.assign(child, { [Symbol.dispose]: () => void child.kill("SIGKILL") });
}

/** A server on this machine that ends each connection. */
export async function serveHere(address: string, port: number): Promise<Disposable> {
  const server = createServer((socket) => socket.on("error", () => {}).end()).listen(port, address);
  await once(server, "listening");
  return { [Symbol.dispose]: () => void server.close() };
}

/** A namespace that stands for the world: connected to this machine, which knows the way to nothing else. */
export const WORLD = {
  namespace: "/run/netns/world",
  host: "198.51.100.1",
  address: "198.51.100.2",
  other: "198.51.100.3",
} as const;

export function makeWorld(): Disposable {
  const batch = (lines: readonly string[], ...flags: string[]): void =>
    void execFileSync("ip", [...flags, "-batch", "-"], { input: `${lines.join("\n")}\n` });
  batch([
    "netns add world",
    "link add world0 type veth peer name eth0 netns world",
    `addr add ${WORLD.host}/24 dev world0`,
    "link set world0 up",
    `route add default via ${WORLD.address}`,
  ]);
  batch(
    [
      "link set lo up",
      `addr add ${WORLD.address}/24 dev eth0`,
      `addr add ${WORLD.other}/24 dev eth0`,
      "link set eth0 up",
      `route add default via ${WORLD.host}`,
    ],
    "-n",
    "world",
  );
  return { [Symbol.dispose]: () => batch(["link del world0", "netns del world"]) };
}
