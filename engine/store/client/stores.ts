import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MvccModel } from "../mvcc-model.ts";
import { openMvcc } from "../mvcc-store.ts";
import { systemClock } from "@plinth/clock";
import { type RealEtcd, startRealEtcd } from "../server/real-etcd.ts";
import { startTestServer } from "../server/test-server.ts";
import type { BackendFixture } from "./backend-conformance.ts";
import { inProcess } from "./in-process.ts";
import { remote } from "./remote.ts";

/** The stores that every suite of the client runs on. */

export async function modelBackend(): Promise<BackendFixture> {
  await using setup = new AsyncDisposableStack();
  const store = setup.use(new MvccModel({ clock: systemClock }));
  const backend = setup.use(inProcess(store));
  const lifetime = setup.move();
  return { backend, [Symbol.asyncDispose]: () => lifetime.disposeAsync() };
}

export async function mvccBackend(): Promise<BackendFixture> {
  await using setup = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), "plinth-client-"));
  setup.defer(() => rm(directory, { recursive: true }));
  const store = setup.use(await openMvcc(directory));
  const backend = setup.use(inProcess(store));
  const lifetime = setup.move();
  return { backend, [Symbol.asyncDispose]: () => lifetime.disposeAsync() };
}

/** Our server over the engine, by gRPC. */
export async function servedBackend(): Promise<BackendFixture> {
  await using setup = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), "plinth-client-"));
  setup.defer(() => rm(directory, { recursive: true }));
  const server = setup.use(await startTestServer(await openMvcc(directory)));
  const backend = setup.use(remote({ endpoints: [`127.0.0.1:${server.port}`] }));
  const lifetime = setup.move();
  return { backend, [Symbol.asyncDispose]: () => lifetime.disposeAsync() };
}

/** One process of Debian's etcd for all tests of a file; undefined where it is not installed. */
export async function etcdBackends(): Promise<
  { readonly etcd: RealEtcd; open(): Promise<BackendFixture> } | undefined
> {
  const etcd = await startRealEtcd();
  if (etcd === undefined) return undefined;
  return {
    etcd,
    async open() {
      const backend = remote({ endpoints: [`127.0.0.1:${etcd.port}`] });
      return { backend, [Symbol.asyncDispose]: () => backend[Symbol.asyncDispose]() };
    },
  };
}
