import { once } from "node:events";
import { type AddressInfo, connect as dial, createServer } from "node:net";
import { GrpcClient } from "@plinth/grpc";
import { connect } from "@plinth/http2";
import type { Mvcc } from "../mvcc.ts";
import { createEtcdServer, type EtcdServerOptions } from "./server.ts";

/** A server on a port of 127.0.0.1; closing it closes its store too. */
export interface TestServer extends AsyncDisposable {
  readonly port: number;
  readonly errors: readonly unknown[];
}

export async function startTestServer(
  store: Mvcc,
  options: Partial<EtcdServerOptions> = {},
): Promise<TestServer> {
  const errors: unknown[] = [];
  const listener = createServer((socket) => etcd.serve(socket)).listen(0, "127.0.0.1");
  await once(listener, "listening");
  const { port } = listener.address() as AddressInfo;
  const etcd = createEtcdServer({
    store,
    name: "default",
    clusterId: 0xc0ffeen,
    memberId: 0xfeedn,
    peerUrls: ["http://127.0.0.1:2380"],
    clientUrls: [`http://127.0.0.1:${port}`],
    onError: (_path, error) => errors.push(error),
    ...options,
  });
  return {
    port,
    errors,
    async [Symbol.asyncDispose]() {
      listener.close();
      await etcd[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    },
  };
}

/** A client of one connection, which is closed with it. */
export interface TestClient extends Disposable {
  readonly grpc: GrpcClient;
}

export function connectTo(port: number): TestClient {
  const socket = dial(port, "127.0.0.1");
  const session = connect(socket);
  return {
    grpc: new GrpcClient(session, { authority: `127.0.0.1:${port}` }),
    [Symbol.dispose]() {
      socket.destroy();
    },
  };
}
