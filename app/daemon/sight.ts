import type { Clock } from "@plinth/clock";
import { parseTapFilter, type ProxyControl } from "@plinth/connect";
import { Fault, messageOf } from "@plinth/fault";
import type { SightQuestion } from "@plinth/hosts";
import type { Log } from "@plinth/log";
import type { Fleet, InstanceNetworks } from "@plinth/release";
import type { EgressStat, EndpointRow, TapEvent, TapFilter } from "@plinth/resource";
import { egressStats, mergeEgress } from "./egress-stats.ts";
import { decodeLines, encodeLines } from "./json-lines.ts";
import { merge } from "./merge.ts";
import type { Role } from "./role.ts";
import { tapProxies } from "./tap-proxies.ts";

export interface SightOptions {
  readonly control: ProxyControl;
  readonly clock: Clock;
  readonly log: Log;
  readonly fleet: Fleet;
  /** In transparent mode: what instances exchange with the world is counted there. */
  readonly networks: InstanceNetworks | undefined;
  /** Other hosts that answer now; none on a host that has joined. */
  readonly others: () => readonly string[];
  readonly ask: Role["ask"];
}

/** One answer of a host that is asked for figures; a terminal waits for all of them. */
const FIGURES_MS = 5_000;

/** What the proxies and networks of all hosts see. A host that does not answer is left out, and that is logged. */
export class Sight {
  readonly #options: SightOptions;

  constructor(options: SightOptions) {
    this.#options = options;
  }

  /**
   * Taps this host's proxy and those of the others: a call between hosts is seen once, where its caller is. Hosts that
   * join later are not seen.
   */
  async tap(filter: TapFilter, signal: AbortSignal): Promise<AsyncIterable<TapEvent>> {
    const { control, clock, others } = this.#options;
    const own = await tapProxies(control, clock, parseTapFilter(filter), signal);
    return merge([own, ...others().map((host) => this.#tapAt(host, filter, signal))], signal);
  }

  async *#tapAt(host: string, filter: TapFilter, signal: AbortSignal): AsyncGenerator<TapEvent> {
    for await (const event of this.#asked<TapEvent>(host, { deed: "tap", filter }, signal)) {
      yield event.type === "missed" ? event : { ...event, id: `${host}/${event.id}` };
    }
  }

  async egress(app: string | undefined): Promise<EgressStat[]> {
    const own = await this.#ownEgress(app);
    return mergeEgress([
      ...own,
      ...(await this.#figures<EgressStat>({ deed: "egress", app })).flatMap(([, rows]) => rows),
    ]);
  }

  async #ownEgress(app: string | undefined): Promise<EgressStat[]> {
    const { networks, control, fleet } = this.#options;
    if (networks === undefined) {
      throw new Fault("unsupported", "Cannot tell what leaves the mesh: this home is in cooperative mode", {
        hint: "Instances share the host's network there; a home in transparent mode counts what each sends.",
      });
    }
    const owners = new Map(fleet.list(app).map(({ metadata, spec }) => [metadata.name, spec]));
    const [counters, names] = await Promise.all([networks.egressCounters(), control.names()]);
    return egressStats(counters, names, (instance) => owners.get(instance));
  }

  /** Endpoints as each host's balancer sees them. */
  async endpoints(): Promise<EndpointRow[]> {
    const own = await this.#options.control.endpoints();
    const elsewhere = await this.#figures<EndpointRow>({ deed: "endpoints" });
    return [...own, ...elsewhere.flatMap(([host, rows]) => rows.map((row) => ({ ...row, seenBy: host })))];
  }

  /** Answers what the first host asks of this one. */
  async answer(question: SightQuestion, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    if (question.deed === "tap") return encodeLines(await this.tap(question.filter, signal));
    if (question.deed === "egress") return encodeLines(await this.#ownEgress(question.app));
    return encodeLines(await this.#options.control.endpoints());
  }

  async #figures<Row>(question: SightQuestion): Promise<(readonly [host: string, rows: readonly Row[]])[]> {
    const { others } = this.#options;
    const signal = AbortSignal.timeout(FIGURES_MS);
    return Promise.all(
      others().map(
        async (host) => [host, await Array.fromAsync(this.#asked<Row>(host, question, signal))] as const,
      ),
    );
  }

  async *#asked<Value>(host: string, question: SightQuestion, signal: AbortSignal): AsyncGenerator<Value> {
    try {
      yield* decodeLines<Value>(await this.#options.ask(host, question, signal));
    } catch (error) {
      this.#options.log.debug("a host does not tell what it sees", { host, error: messageOf(error) });
    }
  }
}
