import { Part } from "./quota.ts";
import type { Quotas, Resource } from "./quotas.ts";
import type { Deferred, Turns } from "./turns.ts";

/** Whom the metrics name: a service that calls, one that is called, or all who come through ingress. */
export interface ShareOwner {
  readonly app: string;
  readonly service: string;
  readonly role: "caller" | "callee";
}

/** Counters of one owner; they outlive its shares, as counters must not go back. */
export class ShareCounts {
  readonly owner: ShareOwner;
  readonly refused: Map<Resource, number> = new Map();
  /** Pieces of work that were put off because others were due. */
  deferred = 0;

  constructor(owner: ShareOwner) {
    this.owner = owner;
  }

  refuse(resource: Resource): void {
    this.refused.set(resource, (this.refused.get(resource) ?? 0) + 1);
  }
}

/** What one workload takes of the proxy: parts of what is limited, and of each turn's time. */
export class Share {
  readonly counts: ShareCounts;
  readonly connections: Part;
  readonly streams: Part;
  readonly held: Part;
  readonly turns: Turns;
  /** Units of work left in the turn `turn`; below zero when the last piece was larger than what was left. */
  left = 0;
  turn = -1;
  /** What waits for its turn, oldest first from `next` on. */
  readonly backlog: Deferred[] = [];
  next = 0;

  constructor(counts: ShareCounts, quotas: Quotas, turns: Turns) {
    this.counts = counts;
    this.connections = new Part(quotas.connections);
    this.streams = new Part(quotas.streams);
    this.held = new Part(quotas.held);
    this.turns = turns;
  }

  /** Whether nothing of it is open: it can be forgotten. */
  get isIdle(): boolean {
    return this.connections.has === 0 && this.held.has === 0 && this.backlog.length === 0;
  }

  /** Changes what is held from `before` to `after` bytes; false, and counted, when there is no room for so much. */
  hold(before: number, after: number): boolean {
    if (after > before && !this.held.admits(after - before)) {
      this.counts.refuse("held_bytes");
      return false;
    }
    this.held.add(after - before);
    return true;
  }
}
