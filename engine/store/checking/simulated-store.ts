/** Concurrent histories of a store that does one thing after the other, or has a fault of a known kind. */
import type { Random } from "@plinth/clock";
import type { Event, Operation } from "../mvcc.ts";
import { answerOf, EMPTY_STORE, type EtcdRequest, type EtcdResponse, type EtcdState } from "./etcd-model.ts";
import type { Call } from "./history.ts";

export type SimulatedFault =
  /** Acknowledges a write and does not do it. */
  | "lost-write"
  /** Reads what was there some writes ago. */
  | "stale-read"
  /** Gives the revision of a write to the next one as well. */
  | "revision-twice";

export interface SimulationOptions {
  readonly random: Random;
  readonly calls: number;
  readonly clients: number;
  /** Default: none. Happens once, in the middle. */
  readonly fault?: SimulatedFault;
}

export interface SimulatedHistory {
  readonly calls: readonly Call<EtcdRequest, EtcdResponse>[];
  readonly events: readonly Event[];
}

const KEYS = ["a", "b", "c"];
/** Of answers, this share is lost, and half of their requests with them. */
const LOST_SHARE = 0.05;

interface Under {
  readonly request: EtcdRequest;
  readonly startMs: number;
  readonly isLost: boolean;
  response: EtcdResponse | undefined;
  isCarriedOut: boolean;
}

/** Steps of all clients in a random order: each call begins, is carried out at one moment, and ends. */
export function simulate({ random, calls: wanted, clients, fault }: SimulationOptions): SimulatedHistory {
  const below = (end: number): number => Math.floor(random() * end);
  const calls: Call<EtcdRequest, EtcdResponse>[] = [];
  const events: Event[] = [];
  const under = new Map<number, Under>();
  const states: EtcdState[] = [EMPTY_STORE];
  let isHealthy = fault === undefined;
  let begun = 0;
  /** The newest revision that an answer has told. */
  let told = 1;
  for (let atMs = 0; begun < wanted || under.size > 0; atMs++) {
    const client = below(clients);
    const call = under.get(client);
    if (call === undefined) {
      if (begun >= wanted) continue;
      const request = requestOf(below, begun++);
      under.set(client, {
        request,
        startMs: atMs,
        isLost: random() < LOST_SHARE,
        response: undefined,
        isCarriedOut: false,
      });
    } else if (!call.isCarriedOut) {
      call.isCarriedOut = true;
      if (call.isLost && below(2) === 0) continue;
      const hurts =
        !isHealthy &&
        begun > wanted / 2 &&
        !call.isLost &&
        canShow(fault!, call.request, states.at(-1)!.revision === told);
      if (hurts) isHealthy = true;
      const now = states.at(-1)!;
      const seen =
        hurts && fault === "stale-read" ? states.findLast(({ revision }) => revision < now.revision)! : now;
      const answer = answerOf(seen, call.request);
      call.response = answer.response;
      if (hurts && fault !== "revision-twice") continue;
      const { revision } = hurts ? now : answer.state;
      events.push(...answer.events);
      states.push({ ...answer.state, revision });
    } else {
      under.delete(client);
      const response = call.isLost ? undefined : call.response;
      if (response?.kind === "transacted") told = Math.max(told, response.revision);
      calls.push({ client, request: call.request, response, startMs: call.startMs, endMs: atMs });
    }
  }
  return { calls, events };
}

/** Whether the fault contradicts what was answered: a put does; a read, if its client knows of the newest revision. */
function canShow(fault: SimulatedFault, request: EtcdRequest, newestIsKnown: boolean): boolean {
  if (request.kind !== "transact" || request.transaction.compares.length > 0) return false;
  const kind = request.transaction.success[0]?.kind;
  return fault === "stale-read" ? kind === "range" && newestIsKnown : kind === "put";
}

function requestOf(below: (end: number) => number, number: number): EtcdRequest {
  const key = KEYS[below(KEYS.length)]!;
  const put: Operation = {
    kind: "put",
    put: { key, value: Buffer.from(`${number}`), lease: 0n, previous: true },
  };
  const range: Operation = { kind: "range", range: { key: "a", end: "z" } };
  const one = (operation: Operation): EtcdRequest => ({
    kind: "transact",
    transaction: { compares: [], success: [operation], failure: [] },
  });
  switch (below(4)) {
    case 0:
      return one(range);
    case 1:
      return one({ kind: "delete", delete: { key, previous: true } });
    case 2:
      return {
        kind: "transact",
        transaction: {
          compares: [{ key, target: "version", operator: "<", operand: 2 }],
          success: [put],
          failure: [range],
        },
      };
    default:
      return one(put);
  }
}
