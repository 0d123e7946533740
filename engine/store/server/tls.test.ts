import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { connect as dial } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, test, type TestContext } from "node:test";
import { connect as dialTls, type ConnectionOptions, type TLSSocket } from "node:tls";
import { promisify } from "node:util";
import { Etcd3 } from "etcd3";
import {
  authService,
  kvService,
  PutRequest,
  RangeRequest,
  UserAddRequest,
  WatchCreateRequest,
  WatchRequest,
  watchService,
} from "@plinth/etcd";
import { GrpcClient, GrpcError } from "@plinth/grpc";
import { connect } from "@plinth/http2";
import { MvccModel } from "../mvcc-model.ts";
import { makeAuthority, type TestAuthority } from "./test-certificates.ts";
import { startTestServer, type TestServer } from "./test-server.ts";

const run = promisify(execFile);

interface Started extends AsyncDisposable {
  readonly directory: string;
  readonly authority: TestAuthority;
  readonly server: TestServer;
  readonly files: { readonly cert: string; readonly key: string };
}

/** A server with a certificate; with `certAuth` it asks for those of clients and takes their names for users'. */
async function start(t: TestContext, certAuth: boolean): Promise<Started | undefined> {
  await using setup = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), "plinth-store-tls-"));
  setup.defer(() => rm(directory, { recursive: true }));
  const authority = await makeAuthority(directory, "ca");
  if (authority === undefined) {
    t.skip("openssl is not installed");
    return undefined;
  }
  const files = await authority.issue("server");
  const tls = certAuth ? { ...files, trustedCa: authority.ca } : files;
  const server = setup.use(await startTestServer(new MvccModel(), { tls, clientCertAuth: certAuth }));
  const lifetime = setup.move();
  return { directory, authority, server, files, [Symbol.asyncDispose]: () => lifetime.disposeAsync() };
}

interface Connected extends Disposable {
  readonly socket: TLSSocket;
  readonly grpc: GrpcClient;
}

async function connectWith(
  { server, authority }: Started,
  options: ConnectionOptions = {},
): Promise<Connected> {
  const ca = await readFile(authority.ca);
  const socket = dialTls({ host: "127.0.0.1", port: server.port, ca, ALPNProtocols: ["h2"], ...options });
  await once(socket, "secureConnect");
  const grpc = new GrpcClient(connect(socket), { authority: `127.0.0.1:${server.port}` });
  return { socket, grpc, [Symbol.dispose]: () => void socket.destroy() };
}

const credentials = async ({ cert, key }: { cert: string; key: string }): Promise<ConnectionOptions> => ({
  cert: await readFile(cert),
  key: await readFile(key),
});

suite("createEtcdServer() behind TLS", () => {
  test("is used by npm etcd3, etcdctl and curl, each in its protocol", async (t) => {
    await using started = await start(t, false);
    if (started === undefined) return;
    const { server, authority } = started;
    const hosts = `https://127.0.0.1:${server.port}`;
    // Its gRPC gives names only, no addresses, to TLS.
    const named = `https://localhost:${server.port}`;
    const client = new Etcd3({
      hosts: named,
      credentials: { rootCertificate: await readFile(authority.ca) },
    });
    try {
      await client.put("k").value("v");
      assert.equal(await client.get("k").string(), "v");
    } finally {
      client.close();
    }
    const response = await run("curl", ["-s", "--http1.1", "--cacert", authority.ca, `${hosts}/health`]);
    assert.deepEqual(JSON.parse(response.stdout), { health: "true", reason: "" });
    const env = { ...process.env, ETCDCTL_API: "3" };
    const words = ["--endpoints", hosts, "--cacert", authority.ca, "get", "k"];
    const got = await run("etcdctl", words, { env }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") throw error;
      return { stdout: "k\nv\n" };
    });
    assert.equal(got.stdout, "k\nv\n");
  });

  test("takes the name in a certificate for the user, and a token before it", async (t) => {
    await using started = await start(t, true);
    if (started === undefined) return;
    const { authority } = started;
    const root = await authority.issue("root");
    using admin = await connectWith(started, await credentials(root));
    const options = { noPassword: true };
    await admin.grpc.unary(authService.userAdd, UserAddRequest.of({ name: "root", options }));
    await admin.grpc.unary(authService.userAdd, UserAddRequest.of({ name: "ann", password: "word" }));
    for (const role of ["root", "some"]) await admin.grpc.unary(authService.roleAdd, { role });
    await admin.grpc.unary(authService.userGrantRole, { name: "root", role: "root" });
    await admin.grpc.unary(authService.userGrantRole, { name: "ann", role: "some" });
    const permission = { type: 2, key: "k", rangeEnd: "" };
    await admin.grpc.unary(authService.roleGrantPermission, { name: "some", permission });
    await admin.grpc.unary(authService.enable, {});
    await admin.grpc.unary(kvService.put, PutRequest.of({ key: "other" }));
    using ann = await connectWith(started, await credentials(await authority.issue("ann")));
    await ann.grpc.unary(kvService.put, PutRequest.of({ key: "k" }));
    const other = RangeRequest.of({ key: "other" });
    const denied = { message: "etcdserver: permission denied" };
    await assert.rejects(ann.grpc.unary(kvService.range, other), denied);
    const { token } = await admin.grpc.unary(authService.authenticate, { name: "ann", password: "word" });
    const metadata = [["token", token]] as const;
    await assert.rejects(admin.grpc.unary(kvService.range, other, { metadata }), denied);
    using stranger = await connectWith(started, await credentials(await authority.issue("stranger")));
    await assert.rejects(stranger.grpc.unary(kvService.range, other), denied);
    await assert.rejects(stranger.grpc.unary(kvService.compact, { revision: 1, physical: false }), denied);
  });

  test("answers nobody without a certificate of its authorities", async (t) => {
    await using started = await start(t, true);
    if (started === undefined) return;
    const foreign = await makeAuthority(started.directory, "foreign");
    for (const options of [{}, await credentials(await foreign!.issue("root"))]) {
      // TLS 1.3 tells the client only after its own side of the handshake is done.
      await assert.rejects(async () => {
        using client = await connectWith(started, options);
        client.socket.on("error", () => {});
        await client.grpc.unary(kvService.range, RangeRequest.of({ key: "k" }));
      }, GrpcError);
    }
  });

  test("uses changed files for the next handshake, and those before while the new ones cannot be used", async (t) => {
    await using started = await start(t, false);
    if (started === undefined) return;
    const { authority, files, directory, server } = started;
    const nameOf = async (): Promise<unknown> => {
      using client = await connectWith(started);
      return client.socket.getPeerCertificate().subject.CN;
    };
    assert.equal(await nameOf(), "server");
    const renewed = await authority.issue("renewed");
    await copyFile(renewed.key, files.key);
    await rename(renewed.cert, files.cert);
    assert.equal(await nameOf(), "renewed");
    const broken = join(directory, "broken");
    await writeFile(broken, "no certificate");
    await rename(broken, files.cert);
    assert.equal(await nameOf(), "renewed");
    assert.equal(server.errors.length, 1);
  });

  test("leaves connections whose handshake is done to the server, which ends their calls in order", async (t) => {
    await using started = await start(t, false);
    if (started === undefined) return;
    using client = await connectWith(started);
    const call = client.grpc.open(watchService.watch);
    await call.send(WatchRequest.of({ create: WatchCreateRequest.of({ key: "k" }) }));
    const responses = call.responses[Symbol.asyncIterator]();
    await responses.next();
    const ended = assert.rejects(responses.next(), { message: "etcdserver: server stopped" });
    await started.server[Symbol.asyncDispose]();
    await ended;
  });

  test("is not kept busy by who does not finish a handshake, or speaks no TLS", async (t) => {
    await using started = await start(t, false);
    if (started === undefined) return;
    const { port } = started.server;
    const silent = dial(port, "127.0.0.1");
    await once(silent, "connect");
    const plain = dial(port, "127.0.0.1");
    plain.on("error", () => {});
    plain.write("GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
    await once(plain, "close");
    using client = await connectWith(started);
    await client.grpc.unary(kvService.put, PutRequest.of({ key: "k" }));
    silent.on("error", () => {});
    const closed = once(silent, "close");
    await started.server[Symbol.asyncDispose]();
    await closed;
  });
});
