import {
  CompactionRequest,
  DeleteRangeRequest,
  HashKvRequest,
  type KeyValue,
  kvService,
  maintenanceService,
  PutRequest,
  RangeRequest,
  WatchCreateRequest,
  WatchRequest,
  type WatchResponse,
  watchService,
} from "@plinth/etcd";
import { type ClientCall, type GrpcClient, GrpcError } from "@plinth/grpc";
import { connectTo, type TestClient } from "../../server/test-server.ts";

/** For events that must come; without them a scenario has failed. */
const WATCH_TIMEOUT_MS = 15_000;

/** One connection to a member, with the few requests that scenarios are made of. */
export class Asker implements Disposable {
  readonly #client: TestClient;

  constructor(port: number) {
    this.#client = connectTo(port);
  }

  [Symbol.dispose](): void {
    this.#client[Symbol.dispose]();
  }

  get grpc(): GrpcClient {
    return this.#client.grpc;
  }

  /** The revision of the write. */
  async put(key: string, value = ""): Promise<number> {
    const { header } = await this.grpc.unary(
      kvService.put,
      PutRequest.of({ key, value: Buffer.from(value) }),
    );
    return header!.revision;
  }

  async delete(key: string): Promise<number> {
    const { header } = await this.grpc.unary(kvService.deleteRange, DeleteRangeRequest.of({ key }));
    return header!.revision;
  }

  async get(
    key: string,
  ): Promise<{ readonly kv: KeyValue | undefined; readonly value: string; readonly revision: number }> {
    const { header, kvs } = await this.grpc.unary(kvService.range, RangeRequest.of({ key }));
    const [kv] = kvs;
    return { kv, value: Buffer.from(kv?.value ?? []).toString(), revision: header!.revision };
  }

  async revision(): Promise<number> {
    return (await this.get("nobody's")).revision;
  }

  async compact(revision: number, physical: boolean): Promise<void> {
    await this.grpc.unary(kvService.compact, CompactionRequest.of({ revision, physical }));
  }

  async hash(revision: number): Promise<number> {
    return (await this.grpc.unary(maintenanceService.hashKv, HashKvRequest.of({ revision }))).hash;
  }

  async watch(
    ...watchers: readonly Partial<WatchCreateRequest>[]
  ): Promise<ClientCall<WatchRequest, WatchResponse>> {
    const call = this.grpc.open(watchService.watch, { timeoutMs: WATCH_TIMEOUT_MS });
    for (const fields of watchers)
      await call.send(WatchRequest.of({ create: WatchCreateRequest.of(fields) }));
    return call;
  }

  /** All that a watch says up to an event of a revision, or a later one; what is refused or cancelled ends it too. */
  async watched(fields: Partial<WatchCreateRequest>, toRevision: number): Promise<WatchResponse[]> {
    const call = await this.watch(fields);
    return readUntil(call, ({ events, canceled }) => canceled || lastRevisionOf(events) >= toRevision);
  }
}

/** Responses up to the first that satisfies; then the call is over. */
export async function readUntil(
  call: ClientCall<WatchRequest, WatchResponse>,
  isLast: (response: WatchResponse, all: readonly WatchResponse[]) => boolean,
): Promise<WatchResponse[]> {
  const responses: WatchResponse[] = [];
  for await (const response of call.responses) {
    responses.push(response);
    if (isLast(response, responses)) break;
  }
  call.cancel();
  return responses;
}

export function lastRevisionOf(events: WatchResponse["events"]): number {
  return events.at(-1)?.kv?.modRevision ?? 0;
}

/** Each event of some responses in a few words: "put KEY at 7". */
export function eventNames(responses: readonly WatchResponse[]): string[] {
  return responses.flatMap(({ events }) =>
    events.map(({ type, kv }) => `${type === 0 ? "put" : "delete"} ${kv?.key} at ${kv?.modRevision}`),
  );
}

/** What becomes of a call to a member that is killed meanwhile; undefined: it was not answered. */
export async function answered<Result>(call: Promise<Result>): Promise<Result | undefined> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof GrpcError) return undefined;
    throw error;
  }
}

/** All prefixes: from the key on to those that do not begin with it any more. */
export const under = (prefix: string): { readonly key: string; readonly rangeEnd: string } => ({
  key: prefix,
  rangeEnd: `${prefix.slice(0, -1)}${String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1)}`,
});
