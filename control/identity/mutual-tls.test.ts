import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { type SuiteContext, type TestContext, test } from "node:test";
import { connect, type ConnectionOptions, createServer, type TLSSocket } from "node:tls";
import { systemClock } from "@plinth/clock";
import { createLog } from "@plinth/log";
import type { CertificateAuthority } from "./certificate-authority.ts";
import { generateKeyPair } from "./key-pair.ts";
import { clientTlsOptions, followKeeper, peerOf, serverTlsOptions } from "./mutual-tls.ts";
import type { Identity } from "./spiffe-id.ts";
import { SvidKeeper } from "./svid-keeper.ts";
import { type Forgery, forgeSvid, openTestAuthority, type TestAuthority } from "./test-authority.ts";
import { pemOf } from "./x509.ts";

const web: Identity = { kind: "service", app: "shop", service: "web" };
const catalog: Identity = { kind: "service", app: "shop", service: "catalog" };
const host: Identity = { kind: "host", name: "b" };
const HOUR_MS = 3_600_000;
const log = createLog({ level: "error" });

async function keep(authority: CertificateAuthority, signal: AbortSignal): Promise<SvidKeeper> {
  const keeper = new SvidKeeper({ source: authority, clock: systemClock, log });
  for (const identity of [web, catalog, host]) await keeper.ready(keeper.add(identity), signal);
  return keeper;
}

/** A server that tells each client who it is. */
async function serve(context: TestContext | SuiteContext, keeper: SvidKeeper): Promise<number> {
  const server = createServer(serverTlsOptions(keeper, [catalog, host]), (socket) => {
    socket.on("error", () => {});
    const verdict = peerOf(socket, keeper, "client");
    if (!verdict.accepted) return void socket.destroy();
    socket.write(verdict.spiffeId);
    socket.on("data", (chunk) => socket.write(chunk));
    socket.on("end", () => socket.end());
  });
  const following = followKeeper(server, keeper, catalog);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  (context as TestContext).after(() => {
    following[Symbol.dispose]();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** Dials and reads the first bytes; throws whatever makes that fail. */
async function dial(port: number, options: ConnectionOptions): Promise<{ socket: TLSSocket; said: string }> {
  const socket = connect({ host: "127.0.0.1", port, ...options });
  try {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    socket.once("data", (chunk: Buffer) => resolve(chunk.toString()));
    socket.once("error", reject);
    socket.once("close", () => reject(new Error("closed without a word")));
    const said = await promise;
    socket.on("error", () => {});
    return { socket, said };
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

async function ask(port: number, options: ConnectionOptions): Promise<string> {
  const { socket, said } = await dial(port, options);
  socket.destroy();
  return said;
}

/** The client's options with a certificate that is wrong in one way. */
async function forged(
  held: TestAuthority,
  options: ConnectionOptions,
  forgery: Forgery,
): Promise<ConnectionOptions> {
  const keys = await generateKeyPair();
  const leaf = await forgeSvid(held.path, keys, forgery);
  return {
    ...options,
    cert: pemOf("CERTIFICATE", leaf),
    key: keys.privateKey.export({ type: "pkcs8", format: "pem" }),
  };
}

test("Mutual TLS: both ends know each other by SPIFFE ID; whatever is wrong is refused", async (t) => {
  await using held = await openTestAuthority();
  await using stranger = await openTestAuthority();
  using keeper = await keep(held.authority, t.signal);
  using strange = await keep(stranger.authority, t.signal);
  const port = await serve(t, keeper);
  const right = clientTlsOptions(keeper, web, catalog);
  const now = systemClock.now();

  const { socket, said } = await dial(port, right);
  assert.equal(said, "spiffe://test.example/app/shop/service/web");
  assert.equal(socket.getProtocol(), "TLSv1.3");
  socket.destroy();
  await ask(port, clientTlsOptions(keeper, web, host)); // the other identity, by its server name

  const refusedForgeries: Record<string, Forgery> = {
    expired: { notBeforeMs: now - 2 * HOUR_MS, notAfterMs: now - HOUR_MS },
    "not yet valid": { notBeforeMs: now + HOUR_MS, notAfterMs: now + 2 * HOUR_MS },
    "of another domain": { uris: ["spiffe://other.example/app/shop/service/web"] },
    "of a wrong purpose": { purposes: ["server"] },
    "with several URIs": { uris: ["spiffe://test.example/app/a/service/b", "spiffe://test.example/host/c"] },
    "an authority": { ca: true },
  };
  for (const [name, forgery] of Object.entries(refusedForgeries)) {
    await t.test(`a client's certificate ${name}`, async () => {
      await assert.rejects(ask(port, await forged(held, right, forgery)));
    });
  }
  await t.test(
    "a forged certificate that is right but for its origin is taken: only the cases above refuse",
    async () => {
      await ask(port, await forged(held, right, {}));
    },
  );
  await t.test("a client of another root", async () => {
    const { cert, key } = clientTlsOptions(strange, web, catalog);
    await assert.rejects(ask(port, { ...right, cert: cert!, key: key! }));
  });
  await t.test("a client without a certificate", async () => {
    const { cert: _cert, key: _key, ...without } = right;
    await assert.rejects(ask(port, without), { code: "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED" });
  });
  await t.test("TLS 1.2", async () => {
    await assert.rejects(ask(port, { ...right, minVersion: "TLSv1.2", maxVersion: "TLSv1.2" }), {
      code: "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION",
    });
  });
  await t.test("a name nobody here has", async () => {
    await assert.rejects(ask(port, { ...right, servername: "nobody.app.plinth.internal" }));
  });
  await t.test("a server that is somebody else", async () => {
    const options = clientTlsOptions(keeper, web, web);
    await assert.rejects(ask(port, { ...options, servername: right.servername! }), {
      code: "forbidden",
      message: /it is "spiffe:\/\/test\.example\/app\/shop\/service\/catalog"/,
    });
  });
  await t.test("a server of another root", async () => {
    const strangePort = await serve(t, strange);
    await assert.rejects(ask(strangePort, right), /self.signed|unable to/i);
  });
});

test("Rotation of leaf and root under a stream of connections fails none and drops none", async (t) => {
  await using held = await openTestAuthority();
  const { authority } = held;
  using keeper = await keep(authority, t.signal);
  const port = await serve(t, keeper);
  const first = await dial(port, clientTlsOptions(keeper, web, catalog));
  const firstRoot = authority.bundle.roots[0]!;

  const load = { goesOn: true, made: 0 };
  const streams = [catalog, host].map(async (peer) => {
    while (load.goesOn) {
      t.signal.throwIfAborted();
      await ask(port, clientTlsOptions(keeper, web, peer));
      load.made++;
    }
  });
  const moreConnections = async (): Promise<void> => {
    const until = load.made + 5;
    while (load.made < until) {
      t.signal.throwIfAborted();
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const rotation = async (): Promise<void> => {
    for (let round = 0; round < 3; round++) {
      await moreConnections();
      await authority.prepareRoot();
      await moreConnections();
      await authority.activateRoot();
      // Every leaf moves to the new root before the old one goes, as renewals do within a day.
      await keeper.renewAll(t.signal);
      await moreConnections();
      await authority.retireRoot({ force: true });
      await moreConnections();
    }
  };
  try {
    await Promise.race([rotation(), Promise.all(streams)]);
  } finally {
    load.goesOn = false;
  }
  await Promise.all(streams);
  assert.ok(!authority.bundle.roots.some((root) => root.equals(firstRoot)));
  first.socket.write("still here");
  const [echo] = (await once(first.socket, "data")) as [Buffer];
  assert.equal(echo.toString(), "still here", "a connection of before goes on");
  first.socket.destroy();
});
