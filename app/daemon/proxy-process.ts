import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync } from "node:fs";
import type { Clock } from "@plinth/clock";
import type { ProxyControl } from "@plinth/connect";
import { Fault, messageOf } from "@plinth/fault";
import type { Log } from "@plinth/log";
import { isRunning, type RuntimeName, runtimePath } from "@plinth/process";
import { proxyProgram } from "@plinth/proxy";
import type { HomePaths } from "./home-paths.ts";
import { openOwnLog } from "./own-log.ts";
import { type ProcessRecord, readProcessRecord } from "./process-record.ts";

export interface ProxyProcessOptions {
  readonly paths: HomePaths;
  readonly control: ProxyControl;
  /** Default: what the last proxy of this home ran on, and `DEFAULT_RUNTIME` for the first. */
  readonly runtime: RuntimeName | undefined;
  readonly clock: Clock;
  readonly log: Log;
  /** Called whenever a proxy serves that was not there before: it may lack the newest snapshot. */
  readonly onNew: () => void;
  readonly signal: AbortSignal;
}

/** docs/decisions/0005 says why. */
const DEFAULT_RUNTIME: RuntimeName = "node";
/** How often a proxy that is not our child is looked for: a second is promised, a glance at /proc costs nothing. */
const WATCH_MS = 100;
/** A proxy that has not opened its control socket by then has failed. */
const START_TIMEOUT_MS = 10_000;
const BACKOFF_MS = 100;
const BACKOFF_MAX_MS = 5000;

/** Keeps one proxy running: adopts the one that is there, starts one where there is none, replaces one that dies. */
export class ProxyProcess {
  readonly #options: ProxyProcessOptions;
  #watching: Promise<void> = Promise.resolve();
  #stopping = false;
  /** While one proxy starts another, a record that names neither is no reason to start a third. */
  #handingOver = false;
  #runtime: RuntimeName;

  constructor(options: ProxyProcessOptions) {
    this.#options = options;
    this.#runtime = options.runtime ?? runtimeOf(this.record) ?? DEFAULT_RUNTIME;
  }

  /** The running proxy, as it says itself in proxy.json. */
  get record(): ProcessRecord | undefined {
    return readProcessRecord(this.#options.paths.proxyRecord);
  }

  /** Resolves when a proxy answers; then watches it until the signal. */
  async start(): Promise<void> {
    if (!(await this.#answers())) await this.#spawn();
    this.#watching = this.#watch();
  }

  /** Has the running proxy hand over to a new one without losing a request; `runtime` stays for later starts. */
  async upgrade(runtime: RuntimeName | undefined): Promise<void> {
    const next = runtime ?? this.#runtime;
    this.#handingOver = true;
    try {
      await this.#options.control.upgrade(next);
      this.#runtime = next;
      this.#options.onNew();
    } finally {
      this.#handingOver = false;
    }
  }

  /** No proxy is started any more. */
  stopWatching(): void {
    this.#stopping = true;
  }

  async stopped(): Promise<void> {
    await this.#watching;
  }

  async #answers(): Promise<boolean> {
    const record = this.record;
    if (record === undefined || !isRunning(record)) return false;
    try {
      await this.#options.control.status();
      return true;
    } catch {
      return false;
    }
  }

  async #watch(): Promise<void> {
    const { clock, log, signal, onNew } = this.#options;
    let backoffMs = BACKOFF_MS;
    while (!signal.aborted) {
      await clock.sleep(WATCH_MS, signal).catch(() => undefined);
      if (signal.aborted || this.#stopping) return;
      if (this.#handingOver) continue;
      const record = this.record;
      if (record !== undefined && isRunning(record)) {
        backoffMs = BACKOFF_MS;
        continue;
      }
      log.warn("proxy is gone; starting another", { pid: record?.pid });
      try {
        await this.#spawn();
        onNew();
      } catch (error) {
        log.error("cannot start the proxy", { error: messageOf(error) });
        await clock.sleep(backoffMs, signal).catch(() => undefined);
        backoffMs = Math.min(backoffMs * 2, BACKOFF_MAX_MS);
      }
    }
  }

  async #spawn(): Promise<void> {
    const { paths, control, clock, log, signal } = this.#options;
    const runtime = this.#runtime;
    const binary = runtimePath(runtime);
    if (binary === undefined)
      throw new Fault("unsupported", `Cannot start the proxy: the ${runtime} runtime is not installed`);
    const output = openOwnLog(paths.proxyLog);
    const child = spawn(binary, [...proxyProgram(runtime), "--home", paths.directory], {
      detached: true,
      stdio: ["ignore", output, output],
      env: {
        PATH: process.env["PATH"] ?? "",
        HOME: process.env["HOME"] ?? "/",
        NODE_COMPILE_CACHE: paths.compileCache,
      },
      cwd: "/",
    });
    closeSync(output);
    const ended = once(child, "exit").then(([code, killed]) => {
      throw new Fault(
        "unavailable",
        `Cannot start the proxy: it ended with ${killed ?? code}; see ${paths.proxyLog}`,
      );
    });
    ended.catch(() => undefined);
    child.unref();
    const deadline = clock.monotonic() + START_TIMEOUT_MS;
    const answered = async (): Promise<void> => {
      for (;;) {
        try {
          await control.status();
          return;
        } catch (error) {
          if (clock.monotonic() > deadline) throw error;
          await clock.sleep(10, signal);
        }
      }
    };
    await Promise.race([answered(), ended]);
    log.info("proxy serves", { pid: child.pid, runtime });
  }
}

/** The runtime a record names: it says "bun 1.4.5" where "bun" is meant. */
function runtimeOf(record: ProcessRecord | undefined): RuntimeName | undefined {
  const [name] = record?.runtime.split(" ") ?? [];
  return name === "node" || name === "bun" ? name : undefined;
}
