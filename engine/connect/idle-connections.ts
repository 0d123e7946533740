import { POOL_FRESH_MS, POOL_IDLE_MS, POOL_IDLE_PER_ENDPOINT_MAX } from "./limits.ts";
import type { ConnectionUser, UpstreamConnection } from "./upstream-connection.ts";

/** Connections to one instance that carry nothing at the moment. */
export class IdleConnections {
  /** Most recently used last: the busy ones stay warm and the rest expire. */
  readonly #connections: UpstreamConnection[] = [];

  get size(): number {
    return this.#connections.length;
  }

  /** One of them, or undefined. `repeatable`: a stale one does no harm, the request can be sent again. */
  take(user: ConnectionUser, repeatable: boolean, nowMs: number): UpstreamConnection | undefined {
    let connection = this.#connections.at(-1);
    while (connection?.retired === true) {
      this.#connections.pop();
      connection.discard();
      connection = this.#connections.at(-1);
    }
    if (connection === undefined) return undefined;
    if (!repeatable && nowMs - connection.idleSinceMs > POOL_FRESH_MS) return undefined;
    this.#connections.pop();
    connection.reused = true;
    connection.user = user;
    connection.pay(user.share);
    return connection;
  }

  /** Keeps a connection for a later exchange, or closes it. */
  keep(connection: UpstreamConnection, keepMs: number, nowMs: number): void {
    if (keepMs <= 0 || connection.retired || this.#connections.length >= POOL_IDLE_PER_ENDPOINT_MAX) {
      connection.discard();
      return;
    }
    connection.user = undefined;
    connection.resume();
    connection.idleSinceMs = nowMs;
    connection.idleMaxMs = Math.min(keepMs, POOL_IDLE_MS);
    this.#connections.push(connection);
  }

  forget(connection: UpstreamConnection): void {
    const index = this.#connections.indexOf(connection);
    if (index >= 0) this.#connections.splice(index, 1);
  }

  tick(nowMs: number): void {
    let kept = 0;
    for (const connection of this.#connections) {
      if (nowMs - connection.idleSinceMs >= connection.idleMaxMs) connection.discard();
      else this.#connections[kept++] = connection;
    }
    this.#connections.length = kept;
  }

  close(): void {
    for (const connection of this.#connections.splice(0)) connection.discard();
  }
}
