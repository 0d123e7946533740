import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { freePort } from "@plinth/process/testing";

/** Three processes of Debian's etcd on 127.0.0.1, to kill and to start again. */
export interface RealCluster extends AsyncDisposable {
  readonly endpoints: readonly string[];
  /** As a power cut does, but for what the kernel has. */
  kill(member: number): Promise<void>;
  /** Resolves once it serves clients again. */
  start(member: number): Promise<void>;
}

const MEMBERS = [0, 1, 2];

/** Undefined where etcd is not installed. */
export async function startRealCluster(): Promise<RealCluster | undefined> {
  await using cleanup = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), "plinth-cluster-"));
  cleanup.defer(() => rm(directory, { recursive: true, force: true }));
  const chosen = new Set<number>();
  while (chosen.size < MEMBERS.length * 2) chosen.add(await freePort());
  const ports = [...chosen];
  const client = (member: number): string => `http://127.0.0.1:${ports[member]}`;
  const peer = (member: number): string => `http://127.0.0.1:${ports[MEMBERS.length + member]}`;
  const cluster = MEMBERS.map((member) => `m${member}=${peer(member)}`).join(",");
  const running = new Map<number, ChildProcess>();
  const kill = async (member: number): Promise<void> => {
    const process = running.get(member);
    if (process === undefined) return;
    running.delete(member);
    const exited = once(process, "exit");
    process.kill("SIGKILL");
    await exited;
  };
  const start = async (member: number): Promise<void> => {
    const process = spawn(
      "etcd",
      [
        ["--name", `m${member}`],
        ["--data-dir", join(directory, `m${member}`)],
        ["--listen-client-urls", client(member)],
        ["--advertise-client-urls", client(member)],
        ["--listen-peer-urls", peer(member)],
        ["--initial-advertise-peer-urls", peer(member)],
        ["--initial-cluster", cluster],
        // A leader's death is seen soon.
        ["--heartbeat-interval", "30"],
        ["--election-timeout", "300"],
        ["--unsafe-no-fsync"],
      ].flat(),
      { stdio: ["ignore", "ignore", "pipe"] },
    );
    await once(process, "spawn");
    running.set(member, process);
    const lines = createInterface(process.stderr);
    for await (const line of lines) if (line.includes("serving insecure client requests")) break;
    process.stderr.resume();
  };
  cleanup.defer(async () => {
    await Promise.all(MEMBERS.map(kill));
  });
  try {
    await Promise.all(MEMBERS.map(start));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  const lifetime = cleanup.move();
  return {
    endpoints: MEMBERS.map((member) => `127.0.0.1:${ports[member]}`),
    kill,
    start,
    [Symbol.asyncDispose]: () => lifetime.disposeAsync(),
  };
}
