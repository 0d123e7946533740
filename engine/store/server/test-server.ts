import { once } from "node:events";
import { type AddressInfo, connect as dial, createServer, type Socket } from "node:net";
import { GrpcClient } from "@plinth/grpc";
import { connect } from "@plinth/http2";
import type { Mvcc } from "../mvcc.ts";
import { createEtcdServer, type EtcdServer, type EtcdServerOptions } from "./server.ts";
import { openTlsDoor, type TlsFiles } from "./tls-door.ts";

/** A server on a port of 127.0.0.1; closing it closes its store too. */
export interface TestServer extends AsyncDisposable {
  readonly port: number;
  readonly errors: readonly unknown[];
  readonly etcd: EtcdServer;
}

export async function startTestServer(
  store: Mvcc,
  options: Partial<EtcdServerOptions> & { readonly tls?: TlsFiles } = {},
): Promise<TestServer> {
  const errors: unknown[] = [];
  await using setup = new AsyncDisposableStack();
  const { tls } = options;
  const onSocket = (socket: Socket): void => etcd.serve(socket);
  const onError = (error: unknown): void => void errors.push(error);
  const door =
    tls === undefined ? undefined : setup.use(await openTlsDoor({ files: tls, onSocket, onError }));
  const listener = createServer((socket) => (door ?? { accept: onSocket }).accept(socket));
  listener.listen(0, "127.0.0.1");
  setup.defer(() => void listener.close());
  await once(listener, "listening");
  const { port } = listener.address() as AddressInfo;
  const etcd = createEtcdServer({
    store,
    name: "default",
    clusterId: 0xc0ffeen,
    memberId: 0xfeedn,
    peerUrls: ["http://127.0.0.1:2380"],
    clientUrls: [`http://127.0.0.1:${port}`],
    onError: (_path, error) => onError(error),
    ...options,
  });
  const lifetime = setup.move();
  return {
    port,
    errors,
    etcd,
    async [Symbol.asyncDispose]() {
      await lifetime.disposeAsync();
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
