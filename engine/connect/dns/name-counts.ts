import type { SourceIdentity } from "../snapshot.ts";
import { DENIED_NAMES_MAX, REMEMBERED_PER_SERVICE_MAX } from "./limits.ts";

/** Under which name a service last asked for an address. */
export interface RememberedName {
  readonly app: string;
  readonly service: string;
  readonly address: string;
  readonly name: string;
}

const OTHER = "other";

interface ServiceNames {
  readonly app: string;
  readonly service: string;
  /** Denied lookups by name. */
  readonly denied: Map<string, number>;
  /** Name by address, the latest asked for last. */
  readonly names: Map<string, string>;
}

/** What is known of each caller's lookups, bounded: callers choose the names. */
export class NameCounts {
  readonly #services: Map<string, ServiceNames> = new Map();
  /** Queries from addresses that are no instance's. */
  strangers = 0;

  #of({ app, service }: SourceIdentity): ServiceNames {
    const key = `${app}.${service}`;
    let known = this.#services.get(key);
    if (known === undefined)
      this.#services.set(key, (known = { app, service, denied: new Map(), names: new Map() }));
    return known;
  }

  /** True for the first time of this name, which is worth a line in the log. */
  denied(caller: SourceIdentity, name: string): boolean {
    const { denied } = this.#of(caller);
    const key = denied.has(name) || denied.size < DENIED_NAMES_MAX ? name : OTHER;
    const before = denied.get(key) ?? 0;
    denied.set(key, before + 1);
    return before === 0;
  }

  remember(caller: SourceIdentity, name: string, addresses: readonly string[]): void {
    const { names } = this.#of(caller);
    for (const address of addresses) {
      names.delete(address);
      names.set(address, name);
      if (names.size > REMEMBERED_PER_SERVICE_MAX) names.delete(names.keys().next().value!);
    }
  }

  /** Services that no snapshot names any more are forgotten. */
  keep(isKnown: (key: string) => boolean): void {
    for (const key of this.#services.keys()) if (!isKnown(key)) this.#services.delete(key);
  }

  remembered(): RememberedName[] {
    return [...this.#services.values()].flatMap(({ app, service, names }) =>
      [...names].map(([address, name]) => ({ app, service, address, name })),
    );
  }

  denials(): { app: string; service: string; name: string; count: number }[] {
    return [...this.#services.values()].flatMap(({ app, service, denied }) =>
      [...denied].map(([name, count]) => ({ app, service, name, count })),
    );
  }
}
