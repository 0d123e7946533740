import type { Socket } from "node:net";
import { readFile, stat } from "node:fs/promises";
import { createServer, type SecureContextOptions, type TLSSocket } from "node:tls";

/** Time for a handshake; Node's default is two minutes, for which a silent peer would hold a connection. */
const HANDSHAKE_MS = 10_000;
/** Handshakes at a time: one costs about a millisecond, and each holds a descriptor. */
const HANDSHAKES_MAX = 512;

export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
  /** Clients must show a certificate of these authorities; undefined: they need none. */
  readonly trustedCa?: string;
  /** Certificates that do not count any more. */
  readonly crl?: string;
}

export interface TlsDoorOptions {
  readonly files: TlsFiles;
  /** A connection whose handshake is done, and whose certificate is checked where one is asked for. */
  readonly onSocket: (socket: TLSSocket) => void;
  /** Hears that changed files cannot be used; those before stay in use. */
  readonly onError: (error: unknown) => void;
}

/**
 * Takes plain connections and makes TLS of them. Files are looked at for every handshake, as etcd does. Disposing ends
 * handshakes; connections whose handshake is done are their taker's.
 */
export interface TlsDoor extends Disposable {
  accept(socket: Socket): void;
}

/** Rejects where the files cannot be read or do not belong together. */
export async function openTlsDoor({ files, onSocket, onError }: TlsDoorOptions): Promise<TlsDoor> {
  let known = await signatureOf(files);
  const server = createServer({
    ...(await contextOf(files)),
    requestCert: files.trustedCa !== undefined,
    rejectUnauthorized: files.trustedCa !== undefined,
    ALPNProtocols: ["h2", "http/1.1"],
    handshakeTimeout: HANDSHAKE_MS,
    noDelay: true,
  });
  /** Connections whose handshake is not done, by their peers. */
  const waiting = new Map<string, Socket>();
  let closed = false;
  server.on("secureConnection", (socket) => {
    waiting.delete(peerOf(socket));
    onSocket(socket);
  });
  // Handshakes that fail are their clients' affair.
  server.on("tlsClientError", () => {});

  const refresh = async (): Promise<void> => {
    const signature = await signatureOf(files);
    if (signature === known) return;
    server.setSecureContext(await contextOf(files));
    known = signature;
  };
  return {
    accept(socket) {
      if (closed || waiting.size >= HANDSHAKES_MAX) return void socket.destroy();
      const peer = peerOf(socket);
      waiting.set(peer, socket);
      socket.once("close", () => {
        if (waiting.get(peer) === socket) waiting.delete(peer);
      });
      socket.on("error", () => socket.destroy());
      void refresh()
        .catch(onError)
        .then(() => {
          if (closed || socket.destroyed) return void socket.destroy();
          server.emit("connection", socket);
        });
    },
    [Symbol.dispose]() {
      closed = true;
      for (const socket of waiting.values()) socket.destroy();
    },
  };
}

/** The same for a connection and for TLS on it, which do not know of each other. */
function peerOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return [remoteAddress, remotePort, localAddress, localPort].join(" ");
}

/** The common name of a client's certificate; undefined where none was asked for, or it has not exactly one. */
export function certificateName(socket: TLSSocket): string | undefined {
  if (!socket.authorized) return undefined;
  const name: unknown = socket.getPeerCertificate().subject?.CN;
  return typeof name === "string" && name !== "" ? name : undefined;
}

/** Changes when a file does. */
async function signatureOf(files: TlsFiles): Promise<string> {
  const stats = await Promise.all(pathsOf(files).map((path) => stat(path, { bigint: true })));
  return stats.map(({ ino, size, mtimeNs }) => `${ino} ${size} ${mtimeNs}`).join();
}

function pathsOf({ cert, key, trustedCa, crl }: TlsFiles): string[] {
  return [cert, key, trustedCa, crl].filter((path) => path !== undefined);
}

async function contextOf({ cert, key, trustedCa, crl }: TlsFiles): Promise<SecureContextOptions> {
  return {
    cert: await readFile(cert),
    key: await readFile(key),
    ...(trustedCa === undefined ? {} : { ca: await readFile(trustedCa) }),
    ...(crl === undefined ? {} : { crl: await readFile(crl) }),
    minVersion: "TLSv1.2",
  };
}
