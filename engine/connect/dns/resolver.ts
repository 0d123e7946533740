import { decode } from "dns-packet";
import type { Clock } from "@plinth/clock";
import { messageOf } from "@plinth/fault";
import type { Log } from "@plinth/log";
import type { Snapshot, SourceIdentity } from "../snapshot.ts";
import { encodeAnswer } from "./answer.ts";
import { Forwarder } from "./forwarder.ts";
import { RESOLVED_TTL_MAX_S, RESOLVED_TTL_MIN_S } from "./limits.ts";
import type { NameCounts } from "./name-counts.ts";
import { judgeName } from "./name-policy.ts";
import { type Query, Rcode } from "./query.ts";
import { Zone } from "./zone.ts";

/** Opens the way to what an allowed name stands for, in services that may connect to nothing else. */
export interface EgressGate {
  /**
   * Resolves once the instance with this address may connect to these IPv4 addresses; it gets its answer only then.
   */
  allowResolved(instanceAddress: string, addresses: readonly string[], ttlSeconds: number): Promise<void>;
}

export interface ResolverOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly counts: NameCounts;
  readonly gate: EgressGate | undefined;
}

/** Who asks, and from where. */
interface Caller extends SourceIdentity {
  readonly address: string;
}

interface Resolved {
  readonly addresses: string[];
  readonly aliases: string[];
  readonly ttlSeconds: number;
}

/** Turns a caller's question into its answer: of the mesh's own, or of the world's as far as the caller may ask. */
export class NameResolver {
  readonly #options: ResolverOptions;
  readonly #forwarder: Forwarder;
  #zone: Zone;
  #upstreams: readonly string[];

  constructor(snapshot: Snapshot, options: ResolverOptions) {
    this.#options = options;
    this.#forwarder = new Forwarder(options.clock);
    this.#zone = new Zone(snapshot);
    this.#upstreams = snapshot.dns?.upstreams ?? [];
  }

  update(snapshot: Snapshot): void {
    this.#zone = new Zone(snapshot);
    this.#upstreams = snapshot.dns?.upstreams ?? [];
    const known = new Set(Object.values(snapshot.sources).map(({ app, service }) => `${app}.${service}`));
    this.#options.counts.keep((key) => known.has(key));
  }

  caller(address: string): Caller | undefined {
    const source = this.#zone.caller(address);
    return source && { ...source, address };
  }

  async resolve(query: Query, caller: Caller, transport: "udp" | "tcp"): Promise<Buffer> {
    const own = this.#zone.answer(query, caller);
    if (own !== undefined) return own;
    const policy = this.#zone.egressOf(caller);
    if (!judgeName(policy, query.name).allowed) return this.#refuse(query, caller, query.name);
    const answer = await this.#forwarder.ask(query, caller.instance, this.#upstreams, transport);
    if (answer === undefined) return encodeAnswer(query, Rcode.failed);
    try {
      const resolved = readResolved(answer);
      // An alias must not be a way round a name that is denied by name.
      const denied = resolved.aliases.find((alias) => {
        const verdict = judgeName(policy, alias);
        return verdict.listed && !verdict.allowed;
      });
      if (denied !== undefined) return this.#refuse(query, caller, denied);
      if (resolved.addresses.length > 0)
        await this.#learn(query, caller, resolved, policy?.default === "deny");
    } catch (error) {
      this.#options.log.warn("cannot pass on a resolver's answer", {
        caller: caller.instance,
        name: query.name,
        error: messageOf(error),
      });
      return encodeAnswer(query, Rcode.failed);
    }
    return answer;
  }

  async #learn(query: Query, caller: Caller, resolved: Resolved, gated: boolean): Promise<void> {
    this.#options.counts.remember(caller, query.name, resolved.addresses);
    const open = resolved.addresses.filter(isOfTheWorld);
    if (!gated || open.length === 0) return;
    await this.#options.gate?.allowResolved(caller.address, open, resolved.ttlSeconds);
  }

  #refuse(query: Query, caller: Caller, name: string): Buffer {
    if (this.#options.counts.denied(caller, name))
      this.#options.log.warn("egress denied by name", { caller: caller.instance, name });
    return encodeAnswer(query, Rcode.refused);
  }

  close(): void {
    this.#forwarder.close();
  }
}

function readResolved(answer: Buffer): Resolved {
  const addresses: string[] = [];
  const aliases: string[] = [];
  let ttlSeconds = RESOLVED_TTL_MAX_S;
  for (const record of decode(answer).answers ?? []) {
    if (record.type === "A") {
      addresses.push(record.data);
      ttlSeconds = Math.min(ttlSeconds, record.ttl ?? 0);
    } else if (record.type === "CNAME") {
      aliases.push(record.data.toLowerCase());
    }
  }
  return { addresses, aliases, ttlSeconds: Math.max(ttlSeconds, RESOLVED_TTL_MIN_S) };
}

/** Whoever owns an allowed name could point it at the machine itself or at its cloud's metadata. */
function isOfTheWorld(address: string): boolean {
  const first = Number(address.slice(0, address.indexOf(".")));
  return first > 0 && first < 224 && first !== 127 && !address.startsWith("169.254.");
}
