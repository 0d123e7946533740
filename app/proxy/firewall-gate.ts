import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "@plinth/clock";
import type { EgressGate } from "@plinth/connect";

interface Network {
  readonly homeId: string;
  readonly subnet: string;
}

/** Opens the host's packet filter for what allowed names resolved to. It works while no daemon runs. */
export class FirewallGate implements EgressGate {
  readonly #home: string;
  readonly #clock: Clock;
  #network: Network | undefined = undefined;

  constructor(home: string, clock: Clock) {
    this.#home = home;
    this.#clock = clock;
  }

  async allowResolved(address: string, addresses: readonly string[], ttlSeconds: number): Promise<void> {
    this.#network ??= await this.#read();
    // Few proxies ever need it, and it brings all drivers along.
    const { allowResolved } = await import("@plinth/run");
    const clock = this.#clock;
    await allowResolved({ clock, ...this.#network, instance: address, addresses, ttlSeconds });
  }

  /** A home's id and subnet never change. */
  async #read(): Promise<Network> {
    const text = await readFile(join(this.#home, "settings.json"), "utf8");
    const { id, subnet } = JSON.parse(text) as { id: string; subnet: string };
    return { homeId: id, subnet };
  }
}
