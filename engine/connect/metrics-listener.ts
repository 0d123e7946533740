import type { Server, Socket } from "node:net";
import { encodeResponseHead, MessageDecoder, Token } from "@plinth/http1";
import { Exposition } from "@plinth/metrics";
import { bind, descriptorOf, type Listener } from "./listener.ts";

const CONNECTIONS_MAX = 64; // scrapers
const IDLE_TIMEOUT_MS = 60_000; // scrapes come every 5 to 60 s

/**
 * Serves `GET /metrics`. On the bare codec instead of node:http, since its descriptor must pass to a new process
 * on either runtime.
 */
export class MetricsListener implements Listener {
  readonly name: string;
  readonly #render: () => string;
  readonly #sockets: Set<Socket> = new Set();
  #server: Server | undefined = undefined;

  private constructor(name: string, render: () => string) {
    this.name = name;
    this.#render = render;
  }

  static async open(
    at: { readonly address: string; readonly port: number; readonly descriptor: number | undefined },
    name: string,
    render: () => string,
  ): Promise<MetricsListener> {
    const listener = new MetricsListener(name, render);
    listener.#server = await bind(at, (socket) => listener.#accept(socket));
    return listener;
  }

  get descriptor(): number {
    return descriptorOf(this.#server!);
  }

  #accept(socket: Socket): void {
    socket.on("error", () => {});
    if (this.#sockets.size >= CONNECTIONS_MAX) {
      socket.destroy();
      return;
    }
    this.#sockets.add(socket);
    socket.on("close", () => this.#sockets.delete(socket));
    socket.setTimeout(IDLE_TIMEOUT_MS, () => socket.destroy());
    socket.on("end", () => socket.end());
    const decoder = new MessageDecoder({ kind: "request" });
    socket.on("data", (chunk: Buffer) => {
      decoder.feed(chunk);
      this.#answer(socket, decoder);
    });
  }

  #answer(socket: Socket, decoder: MessageDecoder): void {
    for (;;) {
      const token = decoder.next();
      if (token === Token.more) return;
      if (token === Token.fault) {
        socket.end(encodeResponseHead(400, "Bad Request", [["Content-Length", "0"]]));
        return;
      }
      if (token !== Token.head) continue;
      const { head } = decoder;
      const found = head.target === "/metrics" && (head.method === "GET" || head.method === "HEAD");
      const body = Buffer.from(found ? this.#render() : "plinth: metrics are at /metrics\n");
      const answer = encodeResponseHead(found ? 200 : 404, found ? "OK" : "Not Found", [
        ["Content-Type", found ? Exposition.contentType : "text/plain; charset=utf-8"],
        ["Content-Length", String(body.length)],
        ...(head.close ? ([["Connection", "close"]] as const) : []),
      ]);
      socket.write(head.method === "HEAD" ? answer : Buffer.concat([answer, body]));
      if (head.close) socket.end();
    }
  }

  close(): void {
    this.#server?.close();
    this.#server = undefined;
    for (const socket of this.#sockets) socket.destroySoon();
  }
}
