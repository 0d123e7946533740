import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { runtimePath } from "@plinth/process";
import type { LoadReport } from "./client.ts";
import { PORT } from "./contenders.ts";
import { FILL_PUTS, type OperationName } from "./operations.ts";
import type { WatchReport } from "./watchers.ts";

const CLIENT: string = new URL("./client.ts", import.meta.url).pathname;
const WATCHERS: string = new URL("./watchers.ts", import.meta.url).pathname;

export interface Load {
  readonly operation: OperationName;
  /** 64 are eight connections with eight calls under way each, 1 is one with one. */
  readonly clients: 1 | 64;
  readonly keys: number;
  readonly warmSeconds: number;
  readonly seconds: number;
  readonly pid: number;
  /** Default: a contender's. */
  readonly port?: number;
  /** The server's answers are always the same: no use in reading them. */
  readonly unchecked?: boolean;
}

export interface WatchLoad {
  readonly watchers: number;
  readonly prefixes: number;
  /** Puts a second. */
  readonly rate: number;
}

/** The programs import each other's kind only: each runs in a process of its own, so that it has its own processor. */
async function run<Report>(program: string, parameters: readonly string[]): Promise<Report> {
  const { stdout } = await promisify(execFile)(runtimePath("node")!, [program, ...parameters]);
  return JSON.parse(stdout) as Report;
}

export function load(options: Load): Promise<LoadReport> {
  const { operation, clients, keys, warmSeconds, seconds, pid, port = PORT } = options;
  const each = Math.sqrt(clients);
  const parameters = [
    `--operation=${operation}`,
    `--connections=${each}`,
    `--streams=${each}`,
    `--keys=${keys}`,
    `--warm=${warmSeconds}`,
    `--seconds=${seconds}`,
    `--pid=${pid}`,
    `--port=${port}`,
  ];
  return run(CLIENT, options.unchecked === true ? [...parameters, "--unchecked"] : parameters);
}

/** Writes every key once, many to a transaction. */
export function fill(keys: number, pid: number): Promise<LoadReport> {
  if (keys % FILL_PUTS !== 0) throw new Error(`the number of keys must be a multiple of ${FILL_PUTS}`);
  return run(CLIENT, ["--operation=fill", "--once", `--keys=${keys}`, `--pid=${pid}`, `--port=${PORT}`]);
}

/** Overwrites every key once, one to a put. */
export function overwrite(keys: number, pid: number): Promise<LoadReport> {
  return run(CLIENT, ["--operation=put", "--once", `--keys=${keys}`, `--pid=${pid}`, `--port=${PORT}`]);
}

export function watchLoad(
  { watchers, prefixes, rate }: WatchLoad,
  { warmSeconds, seconds, pid }: Pick<Load, "warmSeconds" | "seconds" | "pid">,
): Promise<WatchReport> {
  return run(WATCHERS, [
    `--watchers=${watchers}`,
    `--prefixes=${prefixes}`,
    `--rate=${rate}`,
    `--warm=${warmSeconds}`,
    `--seconds=${seconds}`,
    `--pid=${pid}`,
    `--port=${PORT}`,
  ]);
}
