import type { Random } from "@plinth/clock";
import type { Backend } from "../client/backend.ts";
import type { Operation } from "../mvcc.ts";
import type { EtcdRequest } from "./etcd-model.ts";
import type { Recorder } from "./recorder.ts";

/** Few, so that clients meet. */
const KEYS = ["k/0", "k/1", "k/2", "k/3", "k/4"];
/** One in so many values is large, so that the log goes on to its next file and checkpoints are under way. */
const LARGE_ONE_IN = 8;
const LARGE_BYTES_MAX = 64 * 1024;
export const ALL_KEYS = { key: "k/", end: "k0" };

export interface WorkloadOptions {
  readonly client: number;
  readonly backend: Backend;
  readonly recorder: Recorder;
  readonly random: Random;
  /** Ends it after the call under way. */
  readonly signal: AbortSignal;
  /** History before this may be gone. */
  readonly compacted: () => number;
}

/** One client: one call after the other, each value written once in the whole history. */
export async function work(options: WorkloadOptions): Promise<void> {
  const { client, backend, recorder, random, signal, compacted } = options;
  const below = (end: number): number => Math.floor(random() * end);
  const someKey = (): string => KEYS[below(KEYS.length)]!;
  const leases: bigint[] = [];
  /** The revision of each key as this client last saw it. */
  const seen = new Map<string, number>();
  let number = 0;

  const someValue = (text: string): Buffer =>
    below(LARGE_ONE_IN) > 0 ? Buffer.from(text) : Buffer.alloc(text.length + below(LARGE_BYTES_MAX), text);
  const put = (key: string, lease = 0n): Operation => ({
    kind: "put",
    put: { key, value: someValue(`${client}.${number} `), lease, previous: true },
  });
  const all: Operation = { kind: "range", range: ALL_KEYS };
  const next = (): EtcdRequest => {
    number++;
    const key = someKey();
    const remove: Operation = { kind: "delete", delete: { key, previous: true } };
    switch (below(9)) {
      case 0:
      case 1:
        return one(put(key));
      case 2:
        return one(remove);
      case 3:
        return one(all);
      case 4:
        return one({ kind: "range", range: { key } });
      case 5:
        // What everyone who changes something that was read does.
        return {
          kind: "transact",
          transaction: {
            compares: [{ key, target: "mod", operator: "=", operand: seen.get(key) ?? 0 }],
            success: [put(key)],
            failure: [{ kind: "range", range: { key } }],
          },
        };
      case 6: {
        const other = KEYS.find((each) => each !== key)!;
        const success = [put(key), put(other), all];
        return { kind: "transact", transaction: { compares: [], success, failure: [] } };
      }
      case 7: {
        const lease = leases.at(-1);
        if (lease !== undefined && below(2) === 0) return one(put(key, lease));
        return { kind: "grant", lease: BigInt(client * 1_000_000 + number) };
      }
      default: {
        const lease = leases.at(below(leases.length));
        return lease === undefined ? one(remove) : { kind: "revoke", lease };
      }
    }
  };

  while (!signal.aborted) {
    if (below(8) === 0) {
      const first = Math.max(2, compacted());
      const revision = below(2) === 0 ? 0 : first + below(Math.max(1, recorder.revision - first));
      if (revision <= recorder.revision) await recorder.askPast(backend, { ...ALL_KEYS, revision });
      continue;
    }
    const request = next();
    const response = await recorder.ask(client, backend, request);
    if (response?.kind === "granted" && request.kind === "grant") leases.push(request.lease);
    if (response?.kind !== "transacted") continue;
    for (const result of response.results) {
      if (result.kind !== "range") continue;
      for (const { key, modRevision } of result.range.kvs) seen.set(key, modRevision);
    }
  }
}

export function one(operation: Operation): EtcdRequest {
  return { kind: "transact", transaction: { compares: [], success: [operation], failure: [] } };
}
