import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** Stands between a client and a server of 127.0.0.1, to cut what is between them. */
export interface Relay extends AsyncDisposable {
  readonly port: number;
  /** Connections taken so far. */
  readonly taken: number;
  /** Ends every connection at once. */
  cut(): void;
  /** From now on, what the server says is lost; connections stay. */
  mute(): void;
}

export async function startRelay(toPort: number): Promise<Relay> {
  const sockets = new Set<Socket>();
  let taken = 0;
  let muted = new Set<Socket>();
  const listener = createServer((near) => {
    taken++;
    const far = connect(toPort, "127.0.0.1");
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
    near.on("data", (chunk) => far.write(chunk));
    far.on("data", (chunk) => {
      if (!muted.has(far)) near.write(chunk);
    });
  }).listen(0, "127.0.0.1");
  await once(listener, "listening");
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (listener.address() as AddressInfo).port,
    get taken() {
      return taken;
    },
    cut,
    mute() {
      muted = new Set(sockets);
    },
    async [Symbol.asyncDispose]() {
      listener.close();
      cut();
      await once(listener, "close");
    },
  };
}
