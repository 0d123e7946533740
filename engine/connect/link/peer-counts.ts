import { EDGE_EXPIRY_MS } from "../limits.ts";
import { TcpCounts } from "../tcp-counts.ts";

/** What one identity has sent to one service of this host. */
export interface PeerTraffic {
  readonly callerId: string;
  readonly app: string;
  readonly service: string;
  /** Its connections to instances, each a stream of a link. */
  readonly tcp: TcpCounts;
  movedMs: number;
}

/** All that is counted of calls from other hosts. It outlives its listener, as counters must not go back. */
export class PeerCounts {
  /** Links, handshakes under way not counted. */
  readonly links: TcpCounts = new TcpCounts();
  /** Connections, links and streams that were refused, by reason. */
  readonly refusals: Map<string, number> = new Map();
  readonly #traffic: Map<string, PeerTraffic> = new Map();

  refuse(reason: string): void {
    this.refusals.set(reason, (this.refusals.get(reason) ?? 0) + 1);
  }

  traffic(callerId: string, callee: { readonly app: string; readonly service: string }): PeerTraffic {
    const { app, service } = callee;
    const key = `${callerId} ${app} ${service}`;
    let traffic = this.#traffic.get(key);
    if (traffic === undefined)
      this.#traffic.set(key, (traffic = { callerId, app, service, tcp: new TcpCounts(), movedMs: 0 }));
    return traffic;
  }

  all(): PeerTraffic[] {
    return [...this.#traffic.values()];
  }

  /** Forgets who has not called for long. */
  tick(nowMs: number): void {
    for (const [key, { tcp, movedMs }] of this.#traffic) {
      if (tcp.open === 0 && nowMs - movedMs >= EDGE_EXPIRY_MS) this.#traffic.delete(key);
    }
  }
}
