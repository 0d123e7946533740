import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import { runtimePath } from "@plinth/process";
import type { CpuQuota } from "../cpu-quota.ts";
import type { OpenLoopReport } from "./client.ts";

const CLIENT = new URL("./client.ts", import.meta.url).pathname;

export interface OpenLoop {
  readonly port: number;
  /** Default: 127.0.0.1. */
  readonly address?: string;
  readonly rate: number;
  readonly seconds: number;
  readonly connections?: number;
  /** Every so manieth request comes on a connection of its own. Default: none. */
  readonly fresh?: number;
  /** Default: a request that an idle connection's end swallowed has failed. */
  readonly again?: boolean;
}

/** Asks at a constant rate, from a process of its own; what a client saw. */
export async function askAtRate(load: OpenLoop, quota?: CpuQuota): Promise<OpenLoopReport> {
  const parameters = parametersOf(load);
  const node = runtimePath("node")!;
  const [command, all] = quota === undefined ? [node, parameters] : quota.wrap(node, parameters);
  const { stdout } = await promisify(execFile)(command, [...all]);
  return JSON.parse(stdout) as OpenLoopReport;
}

/** Longest that a load goes on which nobody ends: a run that was killed leaves no client behind. */
const FORGOTTEN_S = 600;

/** A client that asks until it is told to stop. */
export interface Asking extends AsyncDisposable {
  stop(): Promise<OpenLoopReport>;
}

/** Resolves once the client has had a good answer. */
export async function startAsking(load: Omit<OpenLoop, "seconds">): Promise<Asking> {
  const child = spawn(runtimePath("node")!, parametersOf({ ...load, seconds: FORGOTTEN_S }), {
    stdio: ["ignore", "pipe", "inherit", "ipc"],
  });
  const said = text(child.stdout!);
  const closed = once(child, "close");
  const answered = once(child, "message").then(() => true);
  if (!(await Promise.race([answered, closed.then(() => false)])))
    throw new Error(`the load on port ${load.port} had no good answer: ${await said}`);
  return {
    stop: async () => {
      child.kill("SIGTERM");
      await closed;
      return JSON.parse(await said) as OpenLoopReport;
    },
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await closed;
    },
  };
}

function parametersOf({ again, ...load }: OpenLoop): string[] {
  const numbers = Object.entries(load).map(([name, value]) => `--${name}=${value}`);
  return [CLIENT, ...numbers, ...(again === true ? ["--again"] : [])];
}
