import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";

const BACKLOG = 1024; // connections the kernel keeps while this process is busy or hands over

/** A bound socket that a snapshot asked for. */
export interface Listener {
  readonly name: string;
  /** Number of the listening descriptor, for handing over to a new process. */
  readonly descriptor: number;
  /** Stops accepting; open connections go on. */
  close(): void;
}

/** Binds a TCP server, or takes over a descriptor that another process has bound. */
export async function bind(
  at: { readonly address: string; readonly port: number; readonly descriptor: number | undefined },
  onConnection: (socket: Socket) => void,
): Promise<Server> {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, onConnection);
  if (at.descriptor === undefined) server.listen({ host: at.address, port: at.port, backlog: BACKLOG });
  else server.listen({ fd: at.descriptor });
  await once(server, "listening");
  return server;
}

/** The descriptor number behind a listening server; Node and Bun both keep it here. */
export function descriptorOf(server: Server): number {
  return (server as unknown as { _handle?: { fd?: number } })._handle?.fd ?? -1;
}
