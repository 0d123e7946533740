import { once } from "node:events";
import { createServer as createHttpServer, type RequestListener } from "node:http";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";

/** What a scripted instance does with each connection: full control over every byte. */
export type InstanceScript = (socket: Socket, connections: number) => void;

export interface TestInstance extends AsyncDisposable {
  readonly port: number;
  /** Connections accepted so far. */
  readonly connections: number;
}

async function listening(server: Server, sockets: Set<Socket>, count: () => number): Promise<TestInstance> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return count();
    },
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** An instance that answers by script on bare sockets, or as an HTTP server of Node. */
export async function startInstance(
  behaviour: { readonly script: InstanceScript } | { readonly http: RequestListener },
): Promise<TestInstance> {
  const sockets = new Set<Socket>();
  let connections = 0;
  const note = (socket: Socket): void => {
    connections++;
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
  };
  if ("http" in behaviour) {
    const server = createHttpServer(behaviour.http);
    server.on("connection", note);
    return await listening(server, sockets, () => connections);
  }
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    note(socket);
    behaviour.script(socket, connections);
  });
  return await listening(server, sockets, () => connections);
}
