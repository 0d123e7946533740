import { randomUUID } from "node:crypto";
import { type Clock, Condition, isoTime } from "@plinth/clock";
import { Fault, messageOf } from "@plinth/fault";
import type { Log } from "@plinth/log";
import type { Registry } from "@plinth/registry";
import type { ProxyCounters } from "@plinth/stat";
import type { Candidate, Fleet, Hosts } from "@plinth/release";
import { type Host, type HostStatus } from "@plinth/resource";
import { doorOnRecord } from "./door.ts";
import { CALL_MS } from "./limits.ts";
import { reportedCounters } from "./reported-counters.ts";
import type { Door, HostMessage, HostReport, Question, WorldContent } from "./messages.ts";

/** A host reports every few seconds; one that misses several in a row does not answer. */
export const LOST_MS = 10_000;
/** Time for a host to come back after a reboot of its network before its instances are started elsewhere. */
export const REPLACE_MS = 30_000;
const LOOK_MS = 1000;
/** Questions open at a time: each is somebody's terminal. */
const QUESTIONS_MAX = 200;
/** What "last seen" is worth writing down. */
const SEEN_MS = 60_000;

/** One connection on which a host is told the world. */
interface Connection {
  readonly id: string;
  sent: number;
  settled: number;
  /** What was sent last, without its number. */
  text: string;
  wake: () => void;
  /** To be sent. */
  readonly messages: HostMessage[];
}

/** A question on its way, and who waits for the answer. */
interface Asked {
  readonly host: string;
  readonly answered: (answer: AsyncIterable<Uint8Array>) => void;
}

interface Session {
  /** Monotonic; of the last report. */
  seenMs: number;
  lost: boolean;
  /** Its instances are being replaced elsewhere. */
  vacated: boolean;
  /** The trust bundle by whose signing root all its certificates are. */
  renewed: number;
  connection: Connection | undefined;
  writtenMs: number;
}

export interface HostSessionsOptions {
  readonly registry: Registry;
  /** This host's own name. */
  readonly name: string;
  readonly world: (host: string) => WorldContent;
  readonly fleet: () => Pick<Fleet, "reported" | "changed" | "vacate">;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Called when who can be reached has changed. */
  readonly onChange: () => void;
  /** Called with what a host's proxy has counted. */
  readonly onCounters: (host: string, counters: ProxyCounters) => void;
}

function stateOf({ leaving, instances }: HostReport): "Ready" | "Leaving" | "Left" {
  if (!leaving) return "Ready";
  return Object.keys(instances).length > 0 ? "Leaving" : "Left";
}

/** The joined hosts as the first one sees them: who answers, what they have been told, what they say. */
export class HostSessions implements Hosts {
  readonly #options: HostSessionsOptions;
  readonly #sessions: Map<string, Session> = new Map();
  readonly #change: Condition;
  readonly #asked: Map<string, Asked> = new Map();

  constructor(options: HostSessionsOptions) {
    this.#options = options;
    this.#change = new Condition(options.clock);
    // Hosts of before have until LOST_MS to be heard of again; until then they are what they were.
    for (const { metadata } of options.registry.list("Host")) {
      if (metadata.name !== options.name) this.#session(metadata.name);
    }
  }

  get ownName(): string {
    return this.#options.name;
  }

  /** Joined hosts by name. */
  get names(): string[] {
    return [...this.#sessions.keys()];
  }

  candidates(): Candidate[] {
    const ready = this.names
      .filter((name) => this.#state(name) === "Ready")
      .map((name) => ({ host: name, name }));
    return [{ host: undefined, name: this.#options.name }, ...ready];
  }

  isReachable(host: string | undefined): boolean {
    if (host === undefined) return true;
    const state = this.#state(host);
    return state === "Ready" || state === "Leaving";
  }

  isLeaving(host: string): boolean {
    return this.#state(host) === "Leaving";
  }

  /** Where a joined host's proxy takes calls, as it said last. */
  doorOf(host: string): Door | undefined {
    return doorOnRecord(this.#options.registry, host);
  }

  #state(host: string): HostStatus["state"] {
    return this.#sessions.has(host) ? this.#options.registry.get("Host", host)?.status?.state : undefined;
  }

  /** A host has joined, maybe again. */
  async joined(name: string): Promise<void> {
    const { registry } = this.#options;
    if (registry.get("Host", name) === undefined)
      await registry.create("Host", { metadata: { name }, spec: {}, status: { state: "Joining" } });
    this.#session(name);
  }

  /** Forgets a host; what it ran is started elsewhere. */
  async forget(name: string): Promise<void> {
    const session = this.#sessions.get(name);
    this.#sessions.delete(name);
    session?.connection?.wake();
    this.#options.fleet().vacate(name);
    await this.#options.registry.purge("Host", name);
    this.#tell();
  }

  #session(name: string): Session {
    let session = this.#sessions.get(name);
    if (session === undefined) {
      const seenMs = this.#options.clock.monotonic();
      this.#sessions.set(
        name,
        (session = {
          seenMs,
          lost: false,
          vacated: false,
          renewed: 0,
          connection: undefined,
          writtenMs: -Infinity,
        }),
      );
    }
    return session;
  }

  /** Says that what hosts are told has changed. */
  changed(): void {
    for (const { connection } of this.#sessions.values()) connection?.wake();
  }

  /**
   * Has a host do what only it can, and resolves with its answer as it comes. Fault "unavailable" when the host does
   * not answer; the signal ends the answering as well.
   */
  async ask(host: string, question: Question, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    const connection = this.#sessions.get(host)?.connection;
    if (connection === undefined)
      throw new Fault("unavailable", `Cannot ask host "${host}": it is not connected`);
    if (this.#asked.size >= QUESTIONS_MAX)
      throw new Fault("exhausted", `Cannot ask host "${host}": ${QUESTIONS_MAX} questions are open already`);
    const id = randomUUID();
    const { clock } = this.#options;
    const cancelAsking = (): void => {
      connection.messages.push({ cancel: id });
      connection.wake();
    };
    signal.addEventListener("abort", cancelAsking, { once: true });
    try {
      return await new Promise((resolve, reject) => {
        const cancelTimeout = clock.schedule(CALL_MS, () =>
          reject(new Fault("timeout", `Host "${host}" did not answer within ${CALL_MS / 1000} s`)),
        );
        signal.addEventListener("abort", () => reject(signal.reason), { once: true });
        this.#asked.set(id, {
          host,
          answered: (answer) => {
            cancelTimeout();
            resolve(answer);
          },
        });
        connection.messages.push({ ask: question, id });
        connection.wake();
      });
    } catch (error) {
      cancelAsking();
      throw error;
    } finally {
      this.#asked.delete(id);
    }
  }

  /** Takes the answer to a question this host was asked; false when nobody waits for it. */
  answered(host: string, id: string, answer: AsyncIterable<Uint8Array>): boolean {
    const asked = this.#asked.get(id);
    if (asked?.host !== host) return false;
    asked.answered(answer);
    return true;
  }

  /** Each state of the world for a host, newest only, until the signal or another connection of the same host. */
  async *messages(host: string, signal: AbortSignal): AsyncGenerator<HostMessage> {
    const session = this.#session(host);
    session.connection?.wake();
    const connection: Connection = {
      id: randomUUID(),
      sent: 0,
      settled: 0,
      text: "",
      wake: () => {},
      messages: [],
    };
    session.connection = connection;
    const isCurrent = (): boolean =>
      !signal.aborted && this.#sessions.get(host) === session && session.connection === connection;
    try {
      while (isCurrent()) {
        // Asked for before looking, so that no change falls in between.
        const woken = new Promise<void>((resolve) => {
          connection.wake = resolve;
          signal.addEventListener("abort", () => resolve(), { once: true });
        });
        const world = this.#options.world(host);
        const text = JSON.stringify(world);
        if (text !== connection.text) {
          connection.text = text;
          connection.sent++;
          yield { ...world, connection: connection.id, seq: connection.sent };
        }
        for (const message of connection.messages.splice(0)) yield message;
        if (isCurrent()) await woken;
      }
    } finally {
      if (session.connection === connection) session.connection = undefined;
      this.#tell();
    }
  }

  /** Takes a host's report; true when the host is one of ours. */
  async report(host: string, report: HostReport, address: string): Promise<void> {
    const { registry, clock, fleet, onChange, onCounters, log } = this.#options;
    const session = this.#sessions.get(host);
    const before = registry.get("Host", host)?.status;
    if (session === undefined || before === undefined) return;
    session.seenMs = clock.monotonic();
    const { connection } = session;
    if (connection !== undefined && connection.id === report.settled.connection)
      connection.settled = Math.max(connection.settled, report.settled.seq);
    const state = stateOf(report);
    const status: HostStatus = {
      state,
      address,
      ...(report.version !== undefined && { version: report.version }),
      ...(report.mesh !== undefined && { mesh: report.mesh }),
      ...(report.cpus !== undefined && { cpus: report.cpus }),
      ...(before.seenAt !== undefined && { seenAt: before.seenAt }),
    };
    if (session.seenMs - session.writtenMs >= SEEN_MS) {
      session.writtenMs = session.seenMs;
      await registry.updateStatus("Host", host, { ...status, seenAt: isoTime(clock.now()) });
    } else await registry.updateStatus("Host", host, status);
    session.renewed = report.renewed;
    session.lost = false;
    session.vacated = false;
    await fleet().reported(host, report.instances);
    const own = registry.list("Instance").filter(({ spec }) => spec.host === host);
    const counters = reportedCounters(report.counters, own);
    if (counters !== undefined) onCounters(host, counters);
    if (before.state !== state || before.address !== address) {
      log.info("host", { host, state, address });
      fleet().changed(host);
      this.changed();
      onChange();
    }
    this.#tell();
  }

  /** Resolves once every host that answers has in force, and drained, what it would be told now; or after `timeoutMs`. */
  async settled(timeoutMs: number): Promise<void> {
    this.changed();
    const { clock, signal } = this.#options;
    const endMs = clock.monotonic() + timeoutMs;
    const left = new Set(this.names);
    /** By host, the connection and number to wait for. */
    const goals = new Map<string, { readonly connection: Connection; readonly seq: number }>();
    while (left.size > 0 && clock.monotonic() < endMs) {
      for (const name of left) {
        if (!this.isReachable(name)) left.delete(name);
        const connection = this.#sessions.get(name)?.connection;
        if (connection === undefined) continue; // it will be told all when it is back
        let goal = goals.get(name);
        if (goal?.connection !== connection) {
          const isSent = connection.text === JSON.stringify(this.#options.world(name));
          goals.set(name, (goal = { connection, seq: isSent ? connection.sent : connection.sent + 1 }));
        }
        if (connection.settled >= goal.seq) left.delete(name);
      }
      if (left.size > 0) await this.#told(Math.min(LOOK_MS, endMs - clock.monotonic()), signal);
    }
  }

  /** Resolves once every joined host's certificates are by the signing root of this bundle. Rejects with the signal's reason. */
  async renewed(sequence: number, signal: AbortSignal): Promise<void> {
    while (
      this.#silent().length > 0 ||
      [...this.#sessions.values()].some(({ renewed }) => renewed < sequence)
    )
      await this.#told(LOOK_MS, signal);
  }

  /** Hosts that cannot be told anything now. */
  #silent(): string[] {
    return this.names.filter((name) => !this.isReachable(name) && this.#state(name) !== "Left");
  }

  /** Fault "unavailable" when a host cannot be told anything now. */
  checkAllAnswer(deed: string): void {
    const silent = this.#silent();
    if (silent.length === 0) return;
    throw new Fault("unavailable", `Cannot ${deed}: host ${silent.join(", ")} does not answer`, {
      hint: "Wait until it is back, or remove it with plinth delete host NAME.",
    });
  }

  #tell(): void {
    this.#change.notifyAll();
  }

  async #told(mostMs: number, signal: AbortSignal): Promise<void> {
    await this.#change.wait(mostMs, signal);
    signal.throwIfAborted();
  }

  /** Looks who has not been heard of, until the signal. */
  async run(): Promise<void> {
    const { clock, log, signal } = this.#options;
    while (!signal.aborted) {
      for (const [name, session] of this.#sessions) {
        await this.#look(name, session).catch((error: unknown) =>
          log.error("cannot look after a host", { host: name, error: messageOf(error) }),
        );
      }
      await clock.sleep(LOOK_MS, signal).catch(() => undefined);
    }
  }

  async #look(name: string, session: Session): Promise<void> {
    const { registry, clock, log, onChange, fleet } = this.#options;
    const nowMs = clock.monotonic();
    const host: Host | undefined = registry.get("Host", name);
    if (host === undefined || nowMs - session.seenMs < LOST_MS) return;
    const { state } = host.status ?? {};
    if (state === "Joining" || state === "Left") return;
    if (!session.lost) {
      session.lost = true;
      const reason = `no report for ${LOST_MS / 1000} s`;
      log.warn("host is lost", { host: name, reason });
      await registry.updateStatus("Host", name, { ...host.status, state: "Lost", reason });
      this.changed();
      onChange();
      this.#tell();
    }
    if (session.vacated || nowMs - session.seenMs < REPLACE_MS) return;
    session.vacated = true;
    log.warn("instances of a lost host are replaced", { host: name });
    fleet().vacate(name);
  }
}
