/** Floods that no load generator makes: slow readers and connections that never ask. Runs until it is ended. */
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    port: { type: "string" },
    kind: { type: "string" },
    connections: { type: "string" },
    name: { type: "string", default: "" },
  },
});
const port = Number(values.port);

/** A refused one comes back, but not at once: it is the server's turns that are measured, not this loop's. */
const AGAIN_MS = 20;

const floods: Readonly<Record<string, () => void>> = {
  /** Asks for a large body and does not read it. */
  "slow-readers": () => {
    const socket: Socket = connect({ port, host: "127.0.0.1" }, () => {
      socket.write("GET /large HTTP/1.1\r\nHost: bench\r\n\r\n");
      socket.pause();
    });
    again(socket, "slow-readers");
  },
  /** Makes the other side sign, and leaves. */
  handshakes: () => {
    const socket = connectTls({
      port,
      host: "127.0.0.1",
      ALPNProtocols: ["h2"],
      servername: values.name,
      rejectUnauthorized: false,
    });
    socket.on("secureConnect", () => socket.destroy());
    again(socket, "handshakes");
  },
  /** Sends a head that never ends, byte by byte. */
  "half-open": () => {
    const socket: Socket = connect({ port, host: "127.0.0.1" }, () => {
      socket.write("GET / HTTP/1.1\r\nHost: bench\r\nX: ");
      const timer = setInterval(() => socket.write("x"), 100);
      socket.on("close", () => clearInterval(timer));
    });
    socket.resume();
    again(socket, "half-open");
  },
};

function again(socket: Socket, kind: string): void {
  socket.on("error", () => {});
  socket.on("close", () => setTimeout(() => floods[kind]!(), AGAIN_MS));
}

for (let index = 0; index < Number(values.connections); index++) floods[values.kind!]!();
// Sockets that do not read keep no process alive.
setInterval(() => {}, 1_000);
