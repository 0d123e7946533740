import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** A client that sends bytes as told and keeps all that comes back. */
export class RawConnection implements Disposable {
  readonly socket: Socket;
  received = "";
  ended = false;
  reset = false;
  #changed: (() => void)[] = [];

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (chunk: Buffer) => {
      this.received += chunk.toString("latin1");
      this.#wake();
    });
    socket.on("end", () => {
      this.ended = true;
      this.#wake();
    });
    socket.on("error", () => {
      this.reset = true;
    });
    socket.on("close", () => {
      this.ended = true;
      this.#wake();
    });
  }

  static async open(port: number): Promise<RawConnection> {
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    await once(socket, "connect");
    return new RawConnection(socket);
  }

  #wake(): void {
    for (const callback of this.#changed.splice(0)) callback();
  }

  send(bytes: string | Uint8Array): void {
    this.socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);
  }

  /** Resolves once what has been received matches; rejects when the connection ended before. */
  async until(pattern: RegExp | string): Promise<string> {
    for (;;) {
      const found =
        typeof pattern === "string" ? this.received.includes(pattern) : pattern.test(this.received);
      if (found) return this.received;
      if (this.ended)
        throw new Error(`ended without ${String(pattern)} after ${JSON.stringify(this.received)}`);
      await new Promise<void>((resolve) => this.#changed.push(resolve));
    }
  }

  /** Resolves with everything, once the other end sends no more. */
  async untilEnd(): Promise<string> {
    while (!this.ended) await new Promise<void>((resolve) => this.#changed.push(resolve));
    return this.received;
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}

/** Sends bytes and returns all that comes back until the other end closes. */
export async function exchangeRaw(port: number, bytes: string | Uint8Array): Promise<string> {
  using connection = await RawConnection.open(port);
  connection.send(bytes);
  return await connection.untilEnd();
}
