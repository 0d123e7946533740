import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { freePort } from "@plinth/process/testing";

/** Stands between clients and a server; what goes through can be cut off at any byte. */
export interface Cutter extends AsyncDisposable {
  readonly port: number;
  /** Ends every connection at once. New ones are taken. */
  cut(): void;
  /** Refuses new connections, as a machine does where nothing listens, until told to listen again. */
  refuse(): Promise<void>;
  listen(): Promise<void>;
}

export async function startCutter(toPort: number): Promise<Cutter> {
  const sockets = new Set<Socket>();
  const keep = (socket: Socket, other: Socket): void => {
    sockets.add(socket);
    // Whatever ends one side ends the other; the reason does not matter.
    socket.on("error", () => {});
    socket.on("close", () => {
      sockets.delete(socket);
      other.destroy();
    });
    socket.pipe(other);
  };
  const server = createServer({ noDelay: true }, (inside) => {
    const outside = connect({ port: toPort, host: "127.0.0.1", noDelay: true });
    keep(inside, outside);
    keep(outside, inside);
  });
  // One that nobody else is given while it is refused.
  const port = await freePort();
  const listen = async (): Promise<void> => {
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
  };
  await listen();
  const cut = (): void => {
    for (const socket of sockets) {
      // A reset of one that has sent its end is refused by the system's library, which then never lets go of it.
      if (socket.readyState === "open" && !socket.writableEnded) socket.resetAndDestroy();
      else socket.destroy();
    }
  };
  const refuse = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = once(server, "close");
    server.close();
    cut();
    await closed;
  };
  return { port, cut, listen, refuse, [Symbol.asyncDispose]: refuse };
}
