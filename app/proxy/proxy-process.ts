import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { type Clock, isoTime } from "@plinth/clock";
import { DataPlane, emptySnapshot, parseSnapshot, parseTapFilter } from "@plinth/connect";
import { Fault, messageOf } from "@plinth/fault";
import type { Log } from "@plinth/log";
import { processorQuota, type RuntimeName } from "@plinth/process";
import manifest from "./package.json" with { type: "json" };
import type { Arguments } from "./arguments.ts";
import { ControlServer, type Deed, type LineStream } from "./control-server.ts";
import { FirewallGate } from "./firewall-gate.ts";
import { startSuccessor } from "./hand-over.ts";
import { PeerIdentities } from "./peer-identities.ts";
import { ProxyHome, runtimeName } from "./proxy-home.ts";

/** After a hand-over: long downloads and WebSockets go on this long in the old process. */
const HAND_OVER_DRAIN_MS = 600_000;
/** At SIGTERM: what an init system or a user waits for gladly. */
const TERMINATE_DRAIN_MS = 30_000;
const DRAIN_MS_MAX = 3_600_000;

/** One proxy process, from its start to its end. */
export class ProxyProcess {
  readonly #home: ProxyHome;
  readonly #homePath: string;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #plane: DataPlane;
  readonly #identities: PeerIdentities;
  readonly #startedAt: string;
  /** Snapshots and hand-overs happen one after another. */
  #turn: Promise<unknown> = Promise.resolve();
  #control: ControlServer | undefined = undefined;
  #ending: Promise<void> | undefined = undefined;

  private constructor(options: Arguments, clock: Clock, log: Log) {
    this.#homePath = options.home;
    this.#home = new ProxyHome(options.home);
    this.#clock = clock;
    this.#log = log;
    this.#startedAt = isoTime(clock.now());
    this.#identities = new PeerIdentities(clock);
    this.#plane = new DataPlane({
      clock,
      log,
      peerSecurity: this.#identities,
      inherited: options.inherited ?? new Map(),
      egressGate: new FirewallGate(options.home, clock),
      version: manifest.version,
      accessDirectory: join(options.home, "access"),
      processor: { cores: Math.min(1, processorQuota() ?? 1), usedMs },
    });
  }

  /** Starts serving the last snapshot and takes over the control socket; `identities` from the process before. */
  static async start(options: Arguments, clock: Clock, log: Log, identities: unknown): Promise<ProxyProcess> {
    const proxy = new ProxyProcess(options, clock, log);
    try {
      if (identities !== undefined) await proxy.#identities.put(identities);
      await proxy.#start(options.inherited !== undefined);
    } catch (error) {
      await proxy.#plane[Symbol.asyncDispose]();
      await proxy.#control?.[Symbol.asyncDispose]();
      throw error;
    }
    return proxy;
  }

  async #start(takesOver: boolean): Promise<void> {
    const home = this.#home;
    await home.prepare();
    const failed = await this.#plane.apply(await this.#lastSnapshot(takesOver));
    if (takesOver && failed.length > 0) {
      const { address, port, message } = failed[0]!;
      throw new Fault("unavailable", `cannot take over ${address}:${port}: ${message}`);
    }
    this.#control = await ControlServer.open(home.ownSocket, {
      answers: this.#deeds(),
      streams: { "POST /tap": (body, stream) => this.#tap(body, stream) },
    });
    await home.publish();
    await home.writeIdentity();
    this.#log.info("serving", {
      runtime: runtimeName(),
      snapshot: this.#plane.snapshot.version,
      listeners: this.#plane.listening().length,
      tookOver: takesOver,
    });
  }

  /** A damaged file must not keep a proxy from starting: the daemon sends the next snapshot anyway. */
  async #lastSnapshot(mustHave: boolean): Promise<typeof emptySnapshot> {
    try {
      return (await this.#home.loadSnapshot()) ?? emptySnapshot;
    } catch (error) {
      if (mustHave) throw error;
      this.#log.error("starting without a snapshot", { error: messageOf(error) });
      return emptySnapshot;
    }
  }

  #deeds(): Readonly<Record<string, Deed>> {
    const plane = this.#plane;
    return {
      "PUT /snapshot": (body) => this.#inTurn(() => this.#putSnapshot(body)),
      "PUT /routes": (body) => this.#afterOthers(() => plane.apply(parseSnapshot(body))),
      // Also while draining: what goes on there must not outlast what it was verified by.
      "PUT /identities": (body) => this.#afterOthers(() => this.#putIdentities(body)),
      "GET /status": async () => ({
        pid: process.pid,
        runtime: runtimeName(),
        version: plane.snapshot.version,
        inFlight: plane.inFlight,
        connections: plane.connections,
        draining: this.#ending !== undefined,
        taps: plane.taps,
        sightings: plane.sightings,
        listening: plane.listening(),
        failed: plane.failed,
      }),
      "GET /stats": async () => ({
        startedAt: this.#startedAt,
        edges: plane.stats(),
        services: plane.serviceStats(),
      }),
      "GET /endpoints": async () => ({ endpoints: plane.endpoints() }),
      "GET /snapshot": async () => plane.snapshot,
      "GET /metrics": async () => ({ text: plane.metricsText() }),
      "GET /names": async () => ({ names: plane.rememberedNames() }),
      "POST /drain": (body) => this.#drain(body),
      "POST /upgrade": (body) => this.#inTurn(() => this.#upgrade(body)),
      "POST /shutdown": async (body) => {
        const drainMs = numberOf(body, "drainMs", TERMINATE_DRAIN_MS);
        this.#end(drainMs);
        return { pid: process.pid };
      },
    };
  }

  /** Live requests as lines, until their reader leaves. */
  async #tap(body: unknown, stream: LineStream): Promise<void> {
    const tap = this.#plane.tap(parseTapFilter(body ?? {}), stream);
    if (tap === undefined) throw new Fault("exhausted", "too many taps are open already");
    stream.onDrain = () => tap.resume();
    stream.onEnd = () => tap[Symbol.dispose]();
  }

  #inTurn<T>(deed: () => Promise<T>): Promise<T> {
    return this.#afterOthers(() => {
      if (this.#ending !== undefined) throw new Fault("unavailable", "this proxy is draining; ask again");
      return deed();
    });
  }

  #afterOthers<T>(deed: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(deed);
    this.#turn = result.catch(() => {});
    return result;
  }

  async #putSnapshot(body: unknown): Promise<unknown> {
    // Reading, checking and writing a large one take milliseconds each: requests have their turn in between.
    await setImmediate();
    const snapshot = parseSnapshot(body);
    await setImmediate();
    await this.#home.saveSnapshot(snapshot);
    return { version: snapshot.version, failed: await this.#plane.apply(snapshot) };
  }

  async #putIdentities(body: unknown): Promise<unknown> {
    await this.#identities.put(body);
    return { sequence: this.#identities.bundle.sequence };
  }

  async #drain(body: unknown): Promise<unknown> {
    const instances = (body as { instances?: unknown } | undefined)?.instances;
    if (!Array.isArray(instances) || !instances.every((name) => typeof name === "string")) {
      throw new Fault("invalid", "instances is not a list of names");
    }
    const timeoutMs = numberOf(body, "timeoutMs", TERMINATE_DRAIN_MS);
    return { remaining: await this.#plane.drainEndpoints(instances, timeoutMs) };
  }

  async #upgrade(body: unknown): Promise<unknown> {
    const runtime = (body as { runtime?: unknown } | undefined)?.runtime ?? runtimeName();
    if (runtime !== "node" && runtime !== "bun")
      throw new Fault("invalid", `no such runtime: ${JSON.stringify(runtime)}`);
    let pid: number;
    try {
      pid = await startSuccessor(
        this.#homePath,
        runtime satisfies RuntimeName,
        this.#plane.descriptors(),
        this.#identities.given,
        this.#clock,
      );
    } catch (error) {
      // It may have got as far as taking the control socket.
      await this.#home.publish();
      await this.#home.writeIdentity();
      this.#log.error("upgrade failed", { error: messageOf(error) });
      throw error;
    }
    this.#log.info("handed over", { to: pid, runtime });
    this.#end(HAND_OVER_DRAIN_MS);
    return { pid };
  }

  /** Begins to drain; the process ends by itself when nothing is left to do. */
  #end(drainMs: number): void {
    this.#control?.endStreams();
    this.#ending ??= this.#drainAndClose(drainMs);
  }

  async #drainAndClose(drainMs: number): Promise<void> {
    await this.#plane.drain(drainMs);
    await this.#home.retire();
    await this.#control?.[Symbol.asyncDispose]();
    await this.#plane[Symbol.asyncDispose]();
    this.#log.info("ended");
  }

  /** SIGTERM: drains and ends. */
  terminate(): void {
    this.#log.info("terminating");
    this.#end(TERMINATE_DRAIN_MS);
  }

  /** Resolves when the process has nothing left to do. */
  get ended(): Promise<void> | undefined {
    return this.#ending;
  }
}

function usedMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

function numberOf(body: unknown, name: string, usual: number): number {
  const value = (body as Record<string, unknown> | undefined)?.[name] ?? usual;
  if (typeof value !== "number" || !(value >= 0) || value > DRAIN_MS_MAX) {
    throw new Fault("invalid", `${name} is not a number of milliseconds up to ${DRAIN_MS_MAX}`);
  }
  return value;
}
