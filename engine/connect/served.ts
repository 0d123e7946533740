import type { Socket } from "node:net";
import type { ListenerTarget } from "./listener-target.ts";

/** The address at the other end, IPv4 as such. */
export function clientAddress(socket: Socket): string {
  return (socket.remoteAddress ?? "unknown").replace(/^::ffff:/, "");
}

/** A client's connection as its listener sees it, whatever it speaks. */
export interface ServedConnection {
  /** Something of a user's is under way. */
  readonly busy: boolean;
  /** Checks its timeouts. */
  tick(nowMs: number): void;
  /** Ends it now. */
  destroy(): void;
}

/** What a connection needs from the listener that accepted it. */
export interface ConnectionOwner {
  readonly target: ListenerTarget;
  readonly draining: boolean;
  connectionClosed(connection: ServedConnection): void;
  /** One connection goes on as another: it is known by now what it speaks. */
  connectionBecame(before: ServedConnection, after: ServedConnection): void;
}
