import assert from "node:assert/strict";
import { connect as connectTcp } from "node:net";
import { after, before, suite, test } from "node:test";
import { connect, type ConnectionOptions } from "node:tls";
import { systemClock } from "@plinth/clock";
import { connect as connectHttp2 } from "@plinth/http2";
import type { PeerIdentity } from "@plinth/connect";
import { generateKeyPair } from "@plinth/identity";
import { type Forgery, forgeSvid, openTestAuthority } from "@plinth/identity/testing";
import { PeerIdentities } from "../peer-identities.ts";
import {
  CALLEE,
  CALLER,
  certify,
  instanceName,
  installedRuntimes,
  startInstance,
  svidOf,
  type TestInstance,
  TestMesh,
} from "../testing.ts";

const HOUR_MS = 3_600_000;
const OTHER: PeerIdentity = { kind: "service", app: "test", service: "other" };

/** Whether the listener speaks to whoever connects like this; it speaks first. */
function isTaken(port: number, options: ConnectionOptions): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port, ALPNProtocols: ["h2"], ...options });
    socket.on("error", () => {});
    socket.on("data", () => {
      resolve(true);
      socket.destroy();
    });
    socket.on("close", () => resolve(false));
  });
}

for (const runtime of installedRuntimes()) {
  suite(`links that are refused on ${runtime}`, { timeout: 60_000 }, () => {
    let mesh: TestMesh;
    let web: TestInstance;
    let port: number;
    /** The right options of a caller, and what it takes to make wrong ones. */
    let identities: PeerIdentities;
    let right: ConnectionOptions;

    before(async () => {
      web = await startInstance({ http: (_, answer) => answer.end("hello") });
      mesh = await TestMesh.start({ b: runtime });
      await mesh.place([{ port: web.port, host: "b" }]);
      port = mesh.host("b").peerPort;
      identities = new PeerIdentities(systemClock);
      await identities.put(await certify(mesh.held, [CALLER, OTHER]));
      right = identities.connectionOptions(CALLER, CALLEE);
    });

    after(async () => {
      await mesh[Symbol.asyncDispose]();
      await web[Symbol.asyncDispose]();
    });

    async function refusals(reason: string): Promise<number> {
      return await mesh.metric("b", "inbound_peer_refusals_total", `error="${reason}"`);
    }

    /** Refused, and counted as what it was. */
    async function assertRefused(
      signal: AbortSignal,
      reason: string,
      options: ConnectionOptions,
    ): Promise<void> {
      const counted = await refusals(reason);
      assert.equal(await isTaken(port, options), false);
      while ((await refusals(reason)) === counted) signal.throwIfAborted();
    }

    async function forged(forgery: Forgery): Promise<ConnectionOptions> {
      const keys = await generateKeyPair();
      const leaf = await forgeSvid(mesh.held.path, keys, {
        uris: ["spiffe://test.example/app/test/service/caller"],
        ...forgery,
      });
      const nowMs = systemClock.now();
      const made = new PeerIdentities(systemClock);
      const validity = { notBeforeMs: nowMs - HOUR_MS, notAfterMs: nowMs + HOUR_MS };
      const set = await certify(mesh.held, []);
      await made.put({ ...set, svids: [svidOf(CALLER, keys, { certificates: [leaf], ...validity })] });
      return made.connectionOptions(CALLER, CALLEE);
    }

    test("right ones are taken", async () => {
      assert.equal(await isTaken(port, right), true);
      assert.equal(await isTaken(port, await forged({})), true);
    });

    const now = systemClock.now();
    const forgeries: readonly (readonly [string, string, Forgery])[] = [
      ["that has expired", "expired", { notBeforeMs: now - 2 * HOUR_MS, notAfterMs: now - HOUR_MS }],
      ["not valid yet", "not-yet-valid", { notBeforeMs: now + HOUR_MS, notAfterMs: now + 2 * HOUR_MS }],
      [
        "of another trust domain",
        "wrong-domain",
        { uris: ["spiffe://other.example/app/test/service/caller"] },
      ],
      ["for servers only", "wrong-purpose", { purposes: ["server"] }],
      ["of an authority", "ca-as-leaf", { ca: true }],
      ["of nobody we know", "unknown-identity", { uris: ["spiffe://test.example/ns/test/sa/caller"] }],
    ];
    for (const [name, reason, forgery] of forgeries) {
      test(`a certificate ${name}`, async (context) => {
        await assertRefused(context.signal, reason, await forged(forgery));
      });
    }

    test("no certificate", async (context) => {
      const { cert: _cert, key: _key, ...without } = right;
      await assertRefused(context.signal, "no-certificate", without);
    });

    test("a certificate of another authority", async (context) => {
      await using stranger = await openTestAuthority();
      const strange = new PeerIdentities(systemClock);
      await strange.put(await certify(stranger, [CALLER]));
      const { cert, key } = strange.connectionOptions(CALLER, CALLEE);
      await assertRefused(context.signal, "unknown-root", { ...right, cert: cert!, key: key! });
    });

    test("TLS 1.2", async (context) => {
      const old = { minVersion: "TLSv1.2", maxVersion: "TLSv1.2" } as const;
      await assertRefused(context.signal, "old-protocol", { ...right, ...old });
    });

    test("a name that nobody here has, and no name", async (context) => {
      const unknown = { ...right, servername: "other.test.app.plinth.internal" };
      await assertRefused(context.signal, "unknown-name", unknown);
      const { servername: _name, checkServerIdentity: _check, ...without } = right;
      const trusting = { ...without, checkServerIdentity: () => undefined };
      await assertRefused(context.signal, "unknown-name", trusting);
    });

    test("another protocol than HTTP/2, and none", async (context) => {
      await assertRefused(context.signal, "unknown-protocol", { ...right, ALPNProtocols: ["http/1.1"] });
      const { ...without } = right;
      await assertRefused(context.signal, "unknown-protocol", { ...without, ALPNProtocols: [] });
    });

    test("plain text, and silence", async (context) => {
      const counted = await refusals("handshake-failed");
      const socket = connectTcp({ host: "127.0.0.1", port });
      socket.on("error", () => {});
      socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      await new Promise((resolve) => socket.once("close", resolve));
      while ((await refusals("handshake-failed")) === counted) context.signal.throwIfAborted();
      const late = await refusals("handshake-timeout");
      const silent = connectTcp({ host: "127.0.0.1", port });
      silent.on("error", () => {});
      silent.resume();
      await new Promise((resolve) => silent.once("close", resolve));
      while ((await refusals("handshake-timeout")) === late) context.signal.throwIfAborted();
    });

    test("a stream to an instance of another service, to none, and to no instance", async () => {
      const session = connectHttp2(connect({ host: "127.0.0.1", port, ALPNProtocols: ["h2"], ...right }));
      const answerTo = (...fields: string[]): Promise<string> =>
        new Promise((resolve, reject) => {
          const unheard = (): void => reject(new Error("not answered"));
          session.request(fields, false, {
            onHeaders: (answer) => resolve(answer.join(" ")),
            onInformational: () => {},
            onData: () => {},
            onTrailers: () => {},
            onReset: unheard,
            onWritable: () => {},
          });
        });
      const ask = (name: string): Promise<string> => answerTo(":method", "CONNECT", ":authority", name);
      const plain = [
        ":method",
        "GET",
        ":scheme",
        "https",
        ":path",
        "/",
        ":authority",
        instanceName(web.port),
      ];
      const mine = mesh.snapshot("b");
      const stranger = { address: "127.0.0.1", port: web.port, app: "test", service: "other" };
      await mesh.host("b").proxy.control.putSnapshot({
        ...mine,
        peer: { ...mine.peer!, instances: { ...mine.peer!.instances, "test.other.1": stranger } },
      });
      assert.equal(await ask(instanceName(web.port)), ":status 200");
      assert.equal(await ask("test.other.1"), ":status 404 plinth-error wrong-service");
      assert.equal(await ask("test.callee.none"), ":status 503 plinth-error no-instance");
      assert.equal(await ask("__proto__"), ":status 503 plinth-error no-instance");
      assert.equal(await answerTo(...plain), ":status 405 plinth-error not-connect");
      assert.equal(await refusals("wrong-service"), 1);
      session.fail(0, "");
      await mesh.host("b").proxy.control.putSnapshot(mine);
    });

    test("a caller does not take the service that answers for another", async () => {
      // The listener has a certificate for the callee alone, and shows that to whoever asks for it by name.
      const { servername } = right;
      const options = identities.connectionOptions(CALLER, OTHER);
      assert.equal(await isTaken(port, { ...options, servername: servername! }), false);
    });

    test("a certificate of a root that is no longer trusted", async (context) => {
      const { authority } = mesh.held;
      await authority.prepareRoot();
      await authority.activateRoot();
      await authority.retireRoot({ force: true });
      await mesh.identify();
      const fresh = new PeerIdentities(systemClock);
      await fresh.put(await certify(mesh.held, [CALLER]));
      const options = fresh.connectionOptions(CALLER, CALLEE);
      assert.equal(await isTaken(port, options), true);
      await assertRefused(context.signal, "unknown-root", { ...options, cert: right.cert!, key: right.key! });
    });

    test("everybody, while the proxy does not know who it is", async (context) => {
      await using unknown = await TestMesh.start({ b: runtime });
      await unknown.place([{ port: web.port, host: "b" }]);
      const { proxy, peerPort } = unknown.host("b");
      await proxy.control.putIdentities({ ...(await certify(unknown.held, [])) });
      const own = new PeerIdentities(systemClock);
      await own.put(await certify(unknown.held, [CALLER]));
      assert.equal(await isTaken(peerPort, own.connectionOptions(CALLER, CALLEE)), false);
      const family = "inbound_peer_refusals_total";
      while ((await unknown.metric("b", family, "no-certificate-of-ours")) === 0)
        context.signal.throwIfAborted();
      assert.equal(proxy.log.includes(instanceName(web.port)), false);
    });
  });
}
