import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GrpcError, type GrpcClient, type Metadata, type Method } from "@plinth/grpc";
import type { Mvcc } from "../mvcc.ts";
import { startRealEtcd } from "./real-etcd.ts";
import { connectTo, startTestServer } from "./test-server.ts";

/** What both must answer alike: all but who they are. */
const IDENTITY = new Set(["clusterId", "memberId", "raftTerm"]);
/** An answer as JSON would have it, without who gave it. */
export function plain(answer: unknown): unknown {
  const text: string | undefined = JSON.stringify(answer, (name, value: unknown) => {
    if (IDENTITY.has(name)) return undefined;
    if (typeof value === "bigint") return `${value}n`;
    if (typeof value === "object" && value !== null && "type" in value && value.type === "Buffer") {
      return Buffer.from((value as unknown as { data: number[] }).data).toString("latin1");
    }
    return value;
  });
  return text === undefined ? undefined : (JSON.parse(text) as unknown);
}

/** The answer, or what it was refused with. */
export async function ask<Request, Response>(
  client: GrpcClient,
  method: Method<Request, Response>,
  request: Request,
  metadata: Metadata = [],
): Promise<unknown> {
  try {
    return plain(await client.unary(method, request, { timeoutMs: 10_000, metadata }));
  } catch (error) {
    if (error instanceof GrpcError) return { status: error.status, message: error.message };
    throw error;
  }
}

/** The same questions can be put to both. */
export interface Both extends AsyncDisposable {
  readonly ours: GrpcClient;
  readonly theirs: GrpcClient;
  readonly ports: { readonly ours: number; readonly theirs: number };
}

export type OpenStore = (directory: string) => Promise<Mvcc>;

/** Ours over a store in a directory of its own, and Debian's etcd; undefined where that is not installed. */
export async function startBoth(openStore: OpenStore): Promise<Both | undefined> {
  await using setup = new AsyncDisposableStack();
  const real = await startRealEtcd();
  if (real === undefined) return undefined;
  setup.use(real);
  const directory = await mkdtemp(join(tmpdir(), "plinth-like-etcd-"));
  setup.defer(() => rm(directory, { recursive: true }));
  const server = setup.use(await startTestServer(await openStore(directory)));
  const ours = setup.use(connectTo(server.port)).grpc;
  const theirs = setup.use(connectTo(real.port)).grpc;
  const lifetime = setup.move();
  const ports = { ours: server.port, theirs: real.port };
  return { ours, theirs, ports, [Symbol.asyncDispose]: () => lifetime.disposeAsync() };
}
