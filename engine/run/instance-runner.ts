import type { Readable, Writable } from "node:stream";
import { isDeepStrictEqual } from "node:util";
import { type Clock, isoTime } from "@plinth/clock";
import { Fault, messageOf } from "@plinth/fault";
import type { Log } from "@plinth/log";
import { whyNoListener } from "@plinth/process";
import type { InstanceStatus, ProbeSettings, ServiceSettings } from "@plinth/resource";
import { Backoff } from "./backoff.ts";
import type { TaskSandbox } from "./container/sandbox.ts";
import type { DiskGuard } from "./disk/disk-guard.ts";
import {
  canExec,
  type Driver,
  type ExecTerminal,
  hasDisk,
  type TaskHandle,
  type TaskStats,
} from "./driver.ts";
import type { ExitStatus } from "./exit-status.ts";
import { exposedAddress, listeningAddresses } from "./exposure.ts";
import { nextLogFile } from "./log-files.ts";
import { type LogCaps, trimLogs } from "./log-trim.ts";
import { type AskProbe, askProbe, type ProbeTarget } from "./probe.ts";
import { probeCommand } from "./probe-command.ts";
import { followProbe, type ProbeLoopOptions, untilStarted } from "./probe-loop.ts";
import type { TaskNetwork } from "./network/task-network.ts";
import { type ReasonCode, type StatusChanges, statusOf, stillStates } from "./instance-status.ts";

/** What to run; asked for anew at each start, since secrets and sources may have moved. */
export interface Launch {
  readonly command: readonly string[];
  readonly directory: string;
  readonly env: Readonly<Record<string, string>>;
  /** Default: the host's network. */
  readonly network?: TaskNetwork;
  readonly sandbox?: TaskSandbox;
}

export interface InstanceRunnerOptions {
  readonly id: string;
  readonly driver: Driver;
  readonly task: () => Promise<Launch>;
  readonly settings: ServiceSettings;
  /** Where the instance serves; probes ask there. */
  readonly address: string;
  readonly port: number;
  /** The driver's files of this instance. */
  readonly stateDirectory: string;
  /** Output of the n-th start goes to `<n>.log` in here. */
  readonly logDirectory: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Called with each new status; never twice with the same. */
  readonly onChange: (status: InstanceStatus) => void;
  /** Looks after what it writes, where its driver can say that. */
  readonly disk?: DiskGuard | undefined;
  /** The status another daemon left; restarts go on counting from it. */
  readonly previous?: InstanceStatus | undefined;
  /** Default: DEFAULT_LOG_CAPS. */
  readonly logCaps?: LogCaps;
  /** How probes ask. Default: over the network and the driver's exec. */
  readonly ask?: AskProbe;
}

export interface RunnerExecOptions {
  readonly stdout?: Writable;
  readonly stderr?: Writable;
  readonly stdin?: Readable;
  readonly terminal?: ExecTerminal | undefined;
  /** Over the environment the instance was started with. */
  readonly env?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** One instance kept running as its settings say. Disposing lets go of it without ending it. */
export interface InstanceRunner extends Disposable {
  readonly status: InstanceStatus;
  /** Starts it. Resolves once the first start is under way or has failed, which the status tells. */
  start(): Promise<void>;
  /** Takes over what another daemon started; false when there is nothing, and then it is to be started. */
  adopt(): Promise<boolean>;
  /** Ends it for good; a second call with a shorter grace cuts the first one short. */
  stop(graceMs?: number): Promise<void>;
  /** Signals the main process. */
  kill(signal: NodeJS.Signals): void;
  stats(): TaskStats | undefined;
  /** Runs a command inside it. */
  exec(command: readonly string[], options: RunnerExecOptions): Promise<number>;
  /** Shows what its owner is doing with it, in place of Ready or Unready; undefined shows those again. */
  drainingState(state: "Draining" | "Stopping" | undefined): void;
}

export function createInstanceRunner(options: InstanceRunnerOptions): InstanceRunner {
  return new Runner(options);
}

/** Wide listening is a mistake to point out, not an attack to race: half a minute is soon enough. */
const EXPOSURE_PERIOD_MS = 30_000;
/** A service that writes 10 MB/s is over its cap by less than that again. */
const LOG_TRIM_PERIOD_MS = 5000;
type Phase =
  | { readonly name: "idle" }
  | { readonly name: "launching"; readonly done: Promise<void> }
  | { readonly name: "starting"; readonly handle: TaskHandle; readonly watching: AbortController }
  | {
      readonly name: "serving";
      readonly handle: TaskHandle;
      readonly watching: AbortController;
      readonly ready: boolean;
    }
  | { readonly name: "waiting"; readonly cancel: () => void } // for the next restart
  | { readonly name: "stopping"; readonly handle: TaskHandle }
  | { readonly name: "exited" }
  | { readonly name: "failed" };

class Runner implements InstanceRunner {
  readonly #options: InstanceRunnerOptions;
  readonly #backoff: Backoff;
  readonly #ask: AskProbe;
  #phase: Phase = { name: "idle" };
  #status: InstanceStatus;
  #display: "Draining" | "Stopping" | undefined;
  /** Set by stop(): nothing is started any more. */
  #isStopped = false;
  #isReleased = false;
  #launchedWith: Launch | undefined;
  /** Ends what is done while the current task runs. */
  #keeping: AbortController = new AbortController();
  /** Once it was ready, failing to get ready again is a crash like others and no reason to give up. */
  #wasReady: boolean;
  #readySinceMs: number | undefined;
  /** Why we end the task ourselves, for the status once it has ended. */
  #ending: { readonly code: ReasonCode; readonly message: string } | undefined;
  /** What an evicted task wrote is being removed. */
  #clearing: Promise<void> | undefined;

  constructor(options: InstanceRunnerOptions) {
    this.#options = options;
    this.#ask = options.ask ?? askProbe;
    const { previous } = options;
    this.#backoff = new Backoff(previous?.crashes);
    this.#wasReady =
      previous?.state === "Ready" || previous?.state === "Unready" || previous?.state === "Draining";
    this.#status = {
      state: "Pending",
      address: `${options.address}:${options.port}`,
      restarts: previous?.restarts ?? 0,
      ...(previous?.exitCode !== undefined && { exitCode: previous.exitCode }),
    };
  }

  get status(): InstanceStatus {
    return this.#status;
  }

  async start(): Promise<void> {
    switch (this.#phase.name) {
      case "launching":
        return this.#phase.done;
      case "starting":
      case "serving":
      case "stopping":
        return;
      case "waiting":
        this.#phase.cancel();
        break;
      case "idle":
      case "exited":
      case "failed":
        break;
    }
    this.#isStopped = false;
    await this.#launch();
  }

  async adopt(): Promise<boolean> {
    const { driver, id, stateDirectory, previous, log } = this.#options;
    const handle = await driver.recover({ id, stateDirectory });
    if (handle === undefined) return false;
    log.info("instance adopted", { instance: id, pid: handle.pid });
    const exit = handle.exit();
    if (exit !== undefined) {
      this.#update({ startedAt: isoTime(handle.startedAtMs) });
      this.#ended(exit);
    } else if (this.#wasReady) this.#serve(handle, previous?.state !== "Unready");
    else this.#watchStart(handle);
    return true;
  }

  async stop(graceMs: number = this.#options.settings.graceMs): Promise<void> {
    this.#isStopped = true;
    if (this.#phase.name === "launching") await this.#phase.done;
    const phase = this.#phase;
    switch (phase.name) {
      case "waiting":
        phase.cancel();
        this.#setPhase({ name: "exited" }, { reason: this.#status.reason });
        return;
      case "starting":
      case "serving":
        phase.watching.abort();
        this.#setPhase({ name: "stopping", handle: phase.handle });
        break;
      case "idle":
        this.#setPhase({ name: "exited" });
        return;
      case "launching":
      case "exited":
      case "failed":
        return;
      case "stopping":
        break;
    }
    await phase.handle.stop({ graceMs, stopSignal: this.#options.settings.stopSignal });
  }

  kill(signal: NodeJS.Signals): void {
    this.#runningHandle(`send ${signal} to`).kill(signal);
  }

  stats(): TaskStats | undefined {
    return "handle" in this.#phase ? this.#phase.handle.stats() : undefined;
  }

  async exec(command: readonly string[], options: RunnerExecOptions): Promise<number> {
    const { driver, id } = this.#options;
    const handle = this.#runningHandle("run a command in");
    if (!canExec(driver))
      throw new Fault("unsupported", `Cannot run a command in "${id}": driver "${driver.name}" has no exec`);
    const { env, directory } = await this.#launched();
    return driver.exec(handle, command, { ...options, env: { ...env, ...options.env }, directory });
  }

  drainingState(state: "Draining" | "Stopping" | undefined): void {
    this.#display = state;
    this.#update({});
  }

  [Symbol.dispose](): void {
    this.#isReleased = true;
    this.#keeping.abort();
    const phase = this.#phase;
    if ("watching" in phase) phase.watching.abort();
    if ("handle" in phase) phase.handle[Symbol.dispose]();
    if (phase.name === "waiting") phase.cancel();
  }

  #runningHandle(deed: string): TaskHandle {
    if ("handle" in this.#phase) return this.#phase.handle;
    throw new Fault(
      "gone",
      `Cannot ${deed} "${this.#options.id}": it is not running (${this.#status.state})`,
    );
  }

  #launch(changes: StatusChanges = {}): Promise<void> {
    const done = this.#tryLaunch();
    const cleared = { reason: undefined, probe: undefined, exposed: undefined };
    this.#setPhase({ name: "launching", done }, { ...cleared, ...changes });
    return done;
  }

  async #tryLaunch(): Promise<void> {
    const { id, driver, settings, stateDirectory, logDirectory } = this.#options;
    // The phase is set to this promise before anything below can change it again.
    await Promise.resolve();
    this.#ending = undefined;
    this.#readySinceMs = undefined;
    let handle: TaskHandle;
    try {
      await this.#clearing;
      this.#launchedWith = await this.#options.task();
      await this.#expectPort(this.#launchedWith);
      handle = await driver.start({
        ...this.#launchedWith,
        id,
        limits: settings.limits,
        stateDirectory,
        logFile: await nextLogFile(logDirectory),
      });
    } catch (error) {
      if (this.#isReleased) return;
      const refused = error instanceof Fault && error.code === "unsupported";
      const hint = error instanceof Fault && error.hint !== undefined ? `. ${error.hint}` : "";
      const message = `${messageOf(error)}${hint}`;
      if (refused) this.#setPhase({ name: "failed" }, { reason: `Refused: ${message}`, pid: undefined });
      else if (this.#isStopped) this.#setPhase({ name: "exited" }, { reason: message, pid: undefined });
      else this.#next("CannotStart", message, settings.restart !== "never", 0);
      return;
    }
    if (this.#isReleased) handle[Symbol.dispose]();
    else this.#watchStart(handle);
  }

  /** A program that listens on all addresses would not notice that its port is another's here, and probes ask that one. */
  async #expectPort({ network }: Launch): Promise<void> {
    const { address, settings, driver } = this.#options;
    // What runs by itself, as what no command can be run in does, listens already.
    if (settings.fixedPort === undefined || network !== undefined || !canExec(driver)) return;
    const problem = await whyNoListener(address, settings.fixedPort);
    if (problem !== undefined)
      throw new Fault("conflict", `Cannot start: its port ${settings.fixedPort} of ${address}: ${problem}`);
  }

  #watchStart(handle: TaskHandle): void {
    const watching = new AbortController();
    this.#setPhase({ name: "starting", handle, watching }, statusOf(handle));
    this.#watchEnd(handle);
    this.#during(watching, async (signal) => {
      const { settings, port } = this.#options;
      const started = await untilStarted(this.#loop(settings.startup, handle, signal));
      if (started) {
        this.#serve(handle, true);
        return;
      }
      const seconds = Math.round((settings.startup.periodMs * settings.startup.failureThreshold) / 100) / 10;
      const answer = `not ready within ${seconds} s; last answer: ${this.#status.probe ?? "none"}`;
      const elsewhere = await listeningAddresses(handle.members());
      if (signal.aborted) return;
      const isElsewhere = elsewhere.length > 0 && !elsewhere.some((address) => address.endsWith(`:${port}`));
      this.#end(
        handle,
        "NotReady",
        isElsewhere ? `${answer}; it listens on ${elsewhere.join(", ")}` : answer,
      );
    });
  }

  #serve(handle: TaskHandle, ready: boolean): void {
    const { settings, clock } = this.#options;
    const isAdopted = this.#phase.name === "idle";
    if ("watching" in this.#phase) this.#phase.watching.abort();
    const watching = new AbortController();
    const turn = (isReady: boolean): void => {
      this.#readySinceMs = isReady ? clock.monotonic() : undefined;
      if (isReady) this.#wasReady = true;
      this.#setPhase({ name: "serving", handle, watching, ready: isReady }, statusOf(handle));
    };
    turn(ready);
    if (isAdopted) this.#watchEnd(handle);
    this.#during(watching, async (signal) => {
      // The startup probe has just said yes: the next question is due a period later.
      if (!isAdopted) await clock.sleep(settings.ready.periodMs, signal);
      await followProbe({ ...this.#loop(settings.ready, handle, signal), initially: ready, onTurn: turn });
    });
    const { live } = settings;
    if (live !== undefined) {
      this.#during(watching, (signal) =>
        followProbe({
          ...this.#loop(live, handle, signal),
          initially: true,
          onAnswer: () => {},
          onTurn: (good) => {
            if (!good) this.#end(handle, "NotLive", "the live probe said no");
          },
        }),
      );
    }
    this.#during(watching, async (signal) => {
      for (;;) {
        this.#update({ exposed: await exposedAddress(handle.members()) }, signal);
        await clock.sleep(EXPOSURE_PERIOD_MS, signal);
      }
    });
  }

  #loop(settings: ProbeSettings, handle: TaskHandle, signal: AbortSignal): ProbeLoopOptions {
    const { driver, address, port, clock } = this.#options;
    const exec: ProbeTarget["exec"] = canExec(driver)
      ? async (command, over) => probeCommand(driver, handle, command, await this.#launched(), over)
      : undefined;
    return {
      settings,
      ask: (timeoutMs) => this.#ask(settings.question, { address, port, exec }, { timeoutMs, clock, signal }),
      clock,
      signal,
      onAnswer: (answer) => {
        // Times differ from one yes to the next; only a no is news.
        if (!answer.yes || this.#status.probe !== undefined)
          this.#update({ probe: answer.yes ? undefined : answer.text }, signal);
      },
    };
  }

  /** What the current run was started with; after an adoption, what it would be started with now. */
  async #launched(): Promise<Launch> {
    this.#launchedWith ??= await this.#options.task();
    return this.#launchedWith;
  }

  /** Runs work that ends with the phase it belongs to. */
  #during(watching: AbortController, work: (signal: AbortSignal) => Promise<void>): void {
    const { signal } = watching;
    work(signal).catch((error: unknown) => {
      if (!signal.aborted)
        this.#options.log.error("watching an instance failed", {
          instance: this.#options.id,
          error: messageOf(error),
        });
    });
  }

  /** What is done from a task's start, or its adoption, to its end. */
  #watchEnd(handle: TaskHandle): void {
    this.#keeping.abort();
    const keeping = new AbortController();
    this.#keeping = keeping;
    this.#update({ notices: handle.notices.length > 0 ? [...handle.notices] : undefined });
    this.#during(keeping, (signal) => this.#keepLogs(handle, signal));
    const { driver, disk, id, settings } = this.#options;
    if (hasDisk(driver))
      disk?.watch(
        {
          id,
          limitBytes: settings.limits.diskBytes,
          used: () => driver.writtenBytes(handle),
          evict: (reason) => this.#evict(handle, reason),
        },
        keeping.signal,
      );
    handle.wait().then(
      (exit) => {
        if (!this.#isReleased) this.#ended(exit);
      },
      () => {},
    );
  }

  async #keepLogs(handle: TaskHandle, signal: AbortSignal): Promise<never> {
    const { clock, log, id, logDirectory, logCaps } = this.#options;
    let said: string | undefined;
    for (;;) {
      const problem = await trimLogs(logDirectory, logCaps);
      if (problem !== undefined && problem !== said) {
        log.warn("a log cannot be capped", { instance: id, reason: problem });
        this.#update({ notices: [...handle.notices, problem] }, signal);
      }
      said = problem;
      await clock.sleep(LOG_TRIM_PERIOD_MS, signal);
    }
  }

  /** Ends it without grace, which would be time to write more. Resolves once what it wrote is gone. */
  async #evict(handle: TaskHandle, reason: string): Promise<void> {
    if (this.#phase.name === "stopping") await handle.stop({ graceMs: 0 });
    else this.#end(handle, "Evicted", reason, 0);
    await handle.wait();
    // Those who wait for it longer have seen it end by now.
    await this.#clearing;
  }

  /** Ends a task that is not as it should be; what follows is decided when it has ended. */
  #end(
    handle: TaskHandle,
    code: ReasonCode,
    message: string,
    graceMs: number = this.#options.settings.graceMs,
  ): void {
    this.#ending = { code, message };
    if ("watching" in this.#phase) this.#phase.watching.abort();
    this.#setPhase({ name: "stopping", handle }, { reason: `${code}: ${message}` });
    const { stopSignal } = this.#options.settings;
    handle.stop({ graceMs, stopSignal }).catch((error: unknown) => {
      this.#options.log.error("stopping an instance failed", {
        instance: this.#options.id,
        error: messageOf(error),
      });
    });
  }

  #ended(exit: ExitStatus): void {
    this.#keeping.abort();
    const { settings, clock, log, id } = this.#options;
    if ("watching" in this.#phase) this.#phase.watching.abort();
    const readyMs = this.#readySinceMs === undefined ? 0 : clock.monotonic() - this.#readySinceMs;
    log.info("instance ended", { instance: id, reason: exit.reason });
    if (this.#ending?.code === "Evicted") this.#clear();
    const ended = { exitCode: exit.code, pid: undefined, exposed: undefined };
    if (this.#isStopped) {
      this.#setPhase({ name: "exited" }, { ...ended, reason: exit.reason });
      return;
    }
    this.#update(ended);
    const ending = this.#ending;
    if (ending?.code === "NotReady" && !this.#wasReady) {
      this.#setPhase({ name: "failed" }, { reason: `NotReady: ${ending.message}` });
    } else if (ending !== undefined) {
      this.#next(ending.code, ending.message, settings.restart !== "never", readyMs);
    } else if (exit.cause === "cannot-start") {
      this.#next("CannotStart", exit.reason, settings.restart !== "never", readyMs);
    } else if (exit.code === 0) {
      if (settings.restart === "always")
        this.#next("Crashed", `ended by itself with ${exit.reason}`, true, readyMs);
      else this.#setPhase({ name: "exited" }, { reason: exit.reason });
    } else {
      this.#next("Crashed", exit.reason, settings.restart !== "never", readyMs);
    }
  }

  #clear(): void {
    const { driver, id, stateDirectory, log } = this.#options;
    if (!hasDisk(driver)) return;
    this.#clearing = driver.clear({ id, stateDirectory }).catch((error: unknown) => {
      log.error("cannot remove what an instance wrote", { instance: id, error: messageOf(error) });
    });
  }

  /** Waits for the next restart, or gives up where the policy says so. */
  #next(code: ReasonCode, message: string, restart: boolean, readyMs: number): void {
    const reason = `${code}: ${message}`;
    if (!restart) {
      this.#setPhase({ name: code === "CannotStart" ? "failed" : "exited" }, { reason });
      return;
    }
    const waitMs = this.#backoff.next(readyMs);
    const cancel = this.#options.clock.schedule(waitMs, () => {
      void this.#launch({ restarts: (this.#status.restarts ?? 0) + 1 });
    });
    this.#setPhase({ name: "waiting", cancel }, { reason, crashes: this.#backoff.crashes });
  }

  #setPhase(phase: Phase, changes: StatusChanges = {}): void {
    this.#phase = phase;
    this.#update(changes);
  }

  /** Ignored once `signal` is aborted: what was seen belongs to a run that is over. */
  #update(changes: StatusChanges, signal?: AbortSignal): void {
    if (signal?.aborted || this.#isReleased) return;
    const all = Object.entries({ ...this.#status, ...changes, state: this.#shownState() });
    const merged: InstanceStatus = Object.fromEntries(all.filter(([, value]) => value !== undefined));
    if (isDeepStrictEqual(merged, this.#status)) return;
    this.#status = merged;
    this.#options.onChange(this.#status);
  }

  #shownState(): NonNullable<InstanceStatus["state"]> {
    const phase = this.#phase;
    if (phase.name === "serving") return this.#display ?? (phase.ready ? "Ready" : "Unready");
    if (phase.name === "starting") return this.#display ?? "Starting";
    return stillStates[phase.name];
  }
}
