import { execFile } from "node:child_process";
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
}

/** Asks at a constant rate, from a process of its own; what a client saw. */
export async function askAtRate(load: OpenLoop, quota?: CpuQuota): Promise<OpenLoopReport> {
  const parameters = [CLIENT, ...Object.entries(load).map(([name, value]) => `--${name}=${value}`)];
  const node = runtimePath("node")!;
  const [command, all] = quota === undefined ? [node, parameters] : quota.wrap(node, parameters);
  const { stdout } = await promisify(execFile)(command, [...all]);
  return JSON.parse(stdout) as OpenLoopReport;
}
