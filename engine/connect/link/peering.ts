import type { Surroundings } from "../surroundings.ts";
import { type PeerDoor, socketName } from "../snapshot.ts";
import { LinkPools } from "./link-pools.ts";
import { PeerCounts } from "./peer-counts.ts";
import { PeerListener } from "./peer-listener.ts";
import type { CertificateLife, PeerSecurity } from "./peer-security.ts";

/** This host's side of the mesh between hosts: the links it has made and those it takes. */
export class Peering implements Disposable {
  readonly links: LinkPools;
  readonly counts: PeerCounts = new PeerCounts();
  readonly #around: Surroundings;
  readonly #security: PeerSecurity | undefined;
  readonly #unsubscribe: () => void;
  #listener: PeerListener | undefined = undefined;
  /** Closed for new links, with some still open. */
  readonly #closing: Set<PeerListener> = new Set();
  /** Who waits for streams to an instance to end. */
  #waiting: { readonly instance: string; readonly callback: () => void }[] = [];

  constructor(around: Surroundings, security: PeerSecurity | undefined) {
    this.#around = around;
    this.#security = security;
    this.links = new LinkPools(around, security);
    this.#unsubscribe = security?.subscribe(() => this.#refresh()) ?? nothing;
  }

  get listener(): PeerListener | undefined {
    return this.#listener;
  }

  get certificates(): readonly CertificateLife[] {
    return this.#security?.certificates() ?? [];
  }

  /** Links from other hosts that are open. */
  get open(): number {
    return this.#listeners().reduce((sum, { connections }) => sum + connections.size, 0);
  }

  /** Connections from other hosts to this instance, or to all. */
  inFlight(instance?: string): number {
    let sum = 0;
    for (const listener of this.#listeners()) {
      for (const { streams } of listener.connections) {
        if (instance === undefined) sum += streams.size;
        else for (const stream of streams) if (stream.instance === instance) sum++;
      }
    }
    return sum;
  }

  /** Takes over a snapshot's view; true when a listener is to be opened. */
  update(door: PeerDoor | null): boolean {
    this.links.host = door?.host;
    const listener = this.#listener;
    if (listener !== undefined && (door === null || socketName(door) !== listener.name)) this.close();
    if (door === null) return false;
    for (const each of this.#listeners()) each.update(door);
    return this.#listener === undefined;
  }

  async listen(door: PeerDoor, descriptor: number | undefined): Promise<void> {
    const security = this.#security;
    if (security === undefined)
      throw new Error("this proxy has no identities to be called by other hosts with");
    this.#listener = await PeerListener.open(door, descriptor, this.#around, security, this.counts);
  }

  /** Calls back once no stream of another host is open to this instance. */
  whenIdle(instance: string, callback: () => void): void {
    if (this.inFlight(instance) === 0) callback();
    else this.#waiting.push({ instance, callback });
  }

  tick(nowMs: number): void {
    this.links.tick(nowMs);
    this.counts.tick(nowMs);
    this.#listener?.tick(nowMs);
    for (const listener of this.#closing) {
      listener.tick(nowMs);
      if (listener.connections.size === 0) this.#closing.delete(listener);
    }
    const idle = this.#waiting.filter(({ instance }) => this.inFlight(instance) === 0);
    if (idle.length === 0) return;
    this.#waiting = this.#waiting.filter((each) => !idle.includes(each));
    for (const { callback } of idle) callback();
  }

  /** Takes no new links, nor new streams on those there are. */
  close(): void {
    if (this.#listener === undefined) return;
    this.#listener.close();
    this.#closing.add(this.#listener);
    this.#listener = undefined;
  }

  #listeners(): PeerListener[] {
    return this.#listener === undefined ? [...this.#closing] : [this.#listener, ...this.#closing];
  }

  #refresh(): void {
    this.links.refresh();
    for (const listener of this.#listeners()) listener.refresh();
  }

  [Symbol.dispose](): void {
    this.#unsubscribe();
    this.links.destroy();
    for (const listener of this.#listeners()) listener.destroy();
  }
}

function nothing(): void {}
