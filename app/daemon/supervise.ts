import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync } from "node:fs";
import { connect } from "node:net";
import { extname } from "node:path";
import { fileURLToPath } from "node:url";
import { type Clock, systemClock } from "@plinth/clock";
import { Fault, messageOf } from "@plinth/fault";
import { type FileLock, takeFileLock } from "@plinth/file";
import { isRunning, type RuntimeName } from "@plinth/process";
import type { PortWishes } from "./home.ts";
import { createHome, homePaths } from "./home-paths.ts";
import { openOwnLog } from "./own-log.ts";
import { readProcessRecord, writeProcessRecord } from "./process-record.ts";
import { serviceOf } from "./service/record.ts";
import { systemctl } from "./service/systemd.ts";
import type { WatcherKind } from "./take-over.ts";

/** How a daemon is to be started; kept over its restarts. */
export interface DaemonOptions extends PortWishes {
  readonly home: string;
  readonly proxyRuntime?: RuntimeName;
  /** The unit of systemd that runs it; without one a supervisor does. */
  readonly service?: string;
  /** Loads all that a daemon is made of, touches nothing, and ends. */
  readonly trial?: boolean;
}

/** The daemon's exit code that says: asked to end, do not start me again. */
export const EXIT_SHUT_DOWN = 0;
/** The daemon's exit code that says: starting me again would end the same way. */
export const EXIT_CANNOT_START = 3;

const RESTART_MS = 50;
const RESTART_MAX_MS = 5000;
/** A daemon that lived this long has started well: the next restart is quick again. */
const GOOD_RUN_MS = 2000;
const START_TIMEOUT_MS = 30_000;
/** Between two looks at a daemon that is not our child, or that somebody else is starting. */
const POLL_MS = 100;
/** Who only looks whether somebody watches holds the lock for a millisecond; who watches keeps it. */
const WATCH_ATTEMPTS = 5;

export const DAEMON_ENTRY: string = fileURLToPath(
  new URL(`main${extname(import.meta.url)}`, import.meta.url),
);
const SUPERVISOR_ENTRY = fileURLToPath(new URL(`supervisor${extname(import.meta.url)}`, import.meta.url));

/** Whether a daemon of this home answers. */
export async function isDaemonUp(home: string): Promise<boolean> {
  const socket = connect(homePaths(home).apiSocket);
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

/** Whether somebody watches over this home's daemon: then it comes back by itself. */
function isWatched(home: string): boolean {
  const lock = takeFileLock(homePaths(home).supervisorLock);
  lock?.[Symbol.dispose]();
  return lock === undefined;
}

async function takeWatch(path: string, clock: Clock): Promise<FileLock> {
  for (let attempt = 0; attempt < WATCH_ATTEMPTS; attempt++) {
    const lock = takeFileLock(path);
    if (lock !== undefined) return lock;
    await clock.sleep(POLL_MS);
  }
  throw new Fault("conflict", `Cannot watch over Plinth by "${path}": somebody does already`);
}

/** Waits for a daemon that somebody else is starting; false when none answers and nobody watches. */
export async function comesUp(home: string, clock: Clock = systemClock): Promise<boolean> {
  await createHome(homePaths(home));
  const deadlineMs = clock.monotonic() + START_TIMEOUT_MS;
  while (!(await isDaemonUp(home))) {
    if (!isWatched(home)) return false;
    if (clock.monotonic() > deadlineMs) throw noAnswer(homePaths(home).daemonLog);
    await clock.sleep(POLL_MS);
  }
  return true;
}

/** Waits for a daemon that whoever started it starts again until it serves. */
export async function untilUp(home: string, clock: Clock = systemClock): Promise<void> {
  const deadlineMs = clock.monotonic() + START_TIMEOUT_MS;
  while (!(await isDaemonUp(home))) {
    if (clock.monotonic() > deadlineMs) throw noAnswer(homePaths(home).daemonLog);
    await clock.sleep(POLL_MS);
  }
}

function noAnswer(logFile: string): Fault {
  return new Fault(
    "timeout",
    `Cannot start Plinth's daemon: no answer after ${START_TIMEOUT_MS / 1000} s; see ${logFile}`,
  );
}

function daemonArguments(options: DaemonOptions): string[] {
  const parameters = ["--home", options.home];
  if (options.ingressAddress !== undefined) parameters.push("--ingress-address", options.ingressAddress);
  if (options.ingressPort !== undefined) parameters.push("--ingress-port", String(options.ingressPort));
  if (options.apiPort !== undefined) parameters.push("--api-port", String(options.apiPort));
  if (options.proxyRuntime !== undefined) parameters.push("--proxy-runtime", options.proxyRuntime);
  if (options.mesh !== undefined) parameters.push("--mesh", options.mesh);
  if (options.store !== undefined) parameters.push("--store", options.store);
  const { otlp, traceRatio, accessLog } = options.telemetry ?? {};
  if (otlp !== undefined) parameters.push("--otlp", otlp);
  if (traceRatio !== undefined) parameters.push("--trace-ratio", String(traceRatio));
  if (accessLog !== undefined) parameters.push("--access-log", accessLog);
  return parameters;
}

/**
 * A process of its own session, with one line of JSON on descriptor 3 once it serves or knows that it cannot:
 * `{"ready":true}` or `{"error":"…","hint":"…"}`.
 */
function launch(entry: string, options: DaemonOptions, logFile: string): ChildProcess {
  const output = openOwnLog(logFile);
  const child = spawn(process.execPath, [entry, ...daemonArguments(options)], {
    detached: true,
    stdio: ["ignore", output, output, "pipe"],
    cwd: "/",
    // Compiled code kept in the home: a quicker start, and 30 MB less for not loading the TypeScript stripper.
    env: { ...process.env, NODE_COMPILE_CACHE: homePaths(options.home).compileCache },
  });
  closeSync(output);
  return child;
}

/** Reads the line a launched process writes on descriptor 3. */
async function untilReady(child: ChildProcess, logFile: string): Promise<void> {
  const pipe = child.stdio[3] as NodeJS.ReadableStream;
  let text = "";
  const timeout = AbortSignal.timeout(START_TIMEOUT_MS);
  const read = async (): Promise<void> => {
    for await (const chunk of pipe) text += String(chunk);
  };
  const expired = once(timeout, "abort").then(() => {
    throw noAnswer(logFile);
  });
  expired.catch(() => undefined);
  await Promise.race([read(), expired]);
  if (text === "")
    throw new Fault("unavailable", `Cannot start Plinth's daemon: it ended at once; see ${logFile}`);
  const answer = JSON.parse(text) as { error?: string; hint?: string };
  if (answer.error !== undefined) {
    throw new Fault("unavailable", answer.error, answer.hint === undefined ? {} : { hint: answer.hint });
  }
}

export interface Supervision {
  /** Resolves when the daemon first serves; rejects with the reason when it cannot. */
  readonly ready: Promise<void>;
  /** Resolves when the daemon was asked to end, or the signal was aborted. */
  readonly ended: Promise<void>;
}

/**
 * Starts the daemon, or takes over one whose watcher is gone, and starts it again whenever it dies, until it shuts down
 * on request. Aborting the signal ends the watch, not the daemon. Fault "conflict" when somebody else watches.
 */
export function superviseDaemon(
  options: DaemonOptions & { signal: AbortSignal; clock?: Clock; kind?: WatcherKind },
): Supervision {
  const { signal, home } = options;
  const clock = options.clock ?? systemClock;
  const { daemonLog, daemonRecord, supervisorLock, supervisorRecord } = homePaths(home);
  let resolveReady!: () => void;
  let rejectReady!: (reason: unknown) => void;
  const ready = new Promise<void>((resolve, reject) => {
    resolveReady = resolve;
    rejectReady = reject;
  });
  ready.catch(() => undefined);

  /** Resolves when the daemon that runs already has died: true; or has shut down on request: false. */
  const dies = async (): Promise<boolean> => {
    for (;;) {
      const record = readProcessRecord(daemonRecord);
      if (record === undefined) return false;
      if (!isRunning(record)) return true;
      await clock.sleep(POLL_MS, signal);
    }
  };

  const run = async (): Promise<void> => {
    await createHome(homePaths(home));
    using _lock = await takeWatch(supervisorLock, clock);
    await writeProcessRecord(supervisorRecord, { kind: options.kind ?? "supervisor" });
    let first = true;
    if (await isDaemonUp(home)) {
      resolveReady();
      if (!(await dies().catch(() => false))) return;
      first = false;
    }
    let delayMs = RESTART_MS;
    while (!signal.aborted) {
      const startedMs = clock.monotonic();
      const child = launch(DAEMON_ENTRY, options, daemonLog);
      const exit = once(child, "exit", { signal });
      exit.catch(() => undefined);
      const started = untilReady(child, daemonLog).then(resolveReady);
      if (first) started.catch(rejectReady);
      else started.catch(() => undefined);
      let code: unknown;
      try {
        [code] = await exit;
      } catch {
        // The watch is over, or the process could not be made: what ran once is tried again.
        child.unref();
        if (signal.aborted || first) return;
      }
      if (code === EXIT_SHUT_DOWN || (first && code === EXIT_CANNOT_START)) return;
      first = false;
      if (clock.monotonic() - startedMs > GOOD_RUN_MS) delayMs = RESTART_MS;
      await clock.sleep(delayMs, signal).catch(() => undefined);
      delayMs = Math.min(delayMs * 2, RESTART_MAX_MS);
    }
  };
  const ended = run().catch((error: unknown) => {
    rejectReady(error);
    throw error;
  });
  ended.catch(() => undefined);
  return { ready, ended };
}

/** Makes sure a daemon of this home runs, watched over by its unit or by a supervisor that outlives the caller. */
export async function ensureDaemon(options: DaemonOptions): Promise<{ started: boolean }> {
  const service = serviceOf(options.home);
  if (service !== undefined) {
    await systemctl(service.scope, "start", service.unit);
    await untilUp(options.home);
    // What it was to be started with is not in the unit: the caller looks whether that is so.
    return { started: false };
  }
  const isUp = await comesUp(options.home);
  if (isUp && isWatched(options.home)) return { started: false };
  const paths = homePaths(options.home);
  const supervisor = launch(SUPERVISOR_ENTRY, options, paths.supervisorLog);
  await untilReady(supervisor, paths.supervisorLog);
  supervisor.unref();
  (supervisor.stdio[3] as unknown as { destroy(): void }).destroy();
  return { started: !isUp };
}

/** What a launched process says on descriptor 3, once. */
export function reportReadiness(write: (text: string) => void): {
  ready(): void;
  failed(error: unknown): void;
} {
  return {
    ready: () => write(`${JSON.stringify({ ready: true })}\n`),
    failed: (error) => {
      const { message, hint } = startFault(error);
      write(`${JSON.stringify({ error: message, ...(hint === undefined ? {} : { hint }) })}\n`);
    },
  };
}

/** What the system says by itself names no deed. */
function startFault(error: unknown): Fault {
  if (error instanceof Fault) return error;
  const { code } = error as NodeJS.ErrnoException;
  if (code !== "ENOSPC" && code !== "EDQUOT")
    return new Fault("unavailable", `Cannot start Plinth's daemon: ${messageOf(error)}`);
  return new Fault("exhausted", "Cannot start Plinth's daemon: the disk of its home is full", {
    hint: "Make room (`plinth doctor` says how much there is), then try again; services that run go on meanwhile.",
  });
}
