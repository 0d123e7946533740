import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { processUsage } from "@plinth/process";
import type { CpuQuota } from "./cpu-quota.ts";

/** Processes of one run; all end with it. */
export class Children implements AsyncDisposable {
  readonly #running: ChildProcess[] = [];
  readonly #quota: CpuQuota | undefined;

  /** With a quota they share it. */
  constructor(quota?: CpuQuota) {
    this.#quota = quota;
  }

  start(command: string, ...parameters: string[]): ChildProcess {
    const [program, all] = this.#quota?.wrap(command, parameters) ?? [command, parameters];
    const child = spawn(program, all, { stdio: ["ignore", "ignore", "inherit"] });
    this.#running.push(child);
    return child;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#running) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill("SIGTERM");
      await once(child, "exit");
    }
  }
}

/** CPU seconds of a process, all its threads, and those of its children that run. */
export function cpuSeconds(pid: number): number {
  let sum = processUsage(pid)?.cpuSeconds ?? 0;
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
  for (const child of children === "" ? [] : children.split(" ")) sum += cpuSeconds(Number(child));
  return sum;
}

const ATTEMPT_MS = 50;

/** Resolves once something accepts connections at this port or socket path; rejects when it takes too long. */
export async function accepting(at: number | string, patienceMs = 10_000): Promise<void> {
  const endMs = performance.now() + patienceMs;
  for (;;) {
    const socket = connect(typeof at === "number" ? { port: at, host: "127.0.0.1" } : { path: at });
    try {
      await once(socket, "connect");
      return;
    } catch (error) {
      if (performance.now() > endMs) throw error;
      await new Promise((resolve) => setTimeout(resolve, ATTEMPT_MS));
    } finally {
      socket.destroy();
    }
  }
}
