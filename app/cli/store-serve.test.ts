import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect as dial } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { authService, kvService, RangeRequest } from "@plinth/etcd";
import { GrpcClient } from "@plinth/grpc";
import { connect } from "@plinth/http2";
import { freePort } from "@plinth/process/testing";

const PROGRAM = fileURLToPath(new URL("./plinth", import.meta.url));

interface Client extends Disposable {
  readonly grpc: GrpcClient;
  login(password: string): Promise<void>;
}

async function connectTo(address: string): Promise<Client> {
  const [host, port] = address.split(":");
  const socket = dial(Number(port), host);
  await once(socket, "connect");
  const grpc = new GrpcClient(connect(socket), { authority: address });
  return {
    grpc,
    async login(password) {
      const { token } = await grpc.unary(authService.authenticate, { name: "root", password });
      await grpc.unary(kvService.range, RangeRequest.of({ key: "k" }), { metadata: [["token", token]] });
    },
    [Symbol.dispose]: () => void socket.destroy(),
  };
}

interface Ended {
  readonly code: number | null;
  readonly lines: readonly string[];
}

/** Runs `plinth store serve`; interrupts it once it is ready. */
async function serve(...words: string[]): Promise<Ended> {
  return serveWhile(async () => {}, ...words);
}

/** The same, with something to do while it is. */
async function serveWhile(ready: () => Promise<void>, ...words: string[]): Promise<Ended> {
  const child = spawn("sh", [PROGRAM, "store", "serve", ...words], { stdio: ["ignore", "ignore", "pipe"] });
  const exited = once(child, "exit");
  const lines: string[] = [];
  for await (const line of createInterface(child.stderr)) {
    lines.push(line);
    if (!line.startsWith("ready to serve client requests")) continue;
    try {
      await ready();
    } finally {
      child.kill("SIGINT");
    }
  }
  const [code] = (await exited) as [number | null];
  return { code, lines };
}

test("plinth store serve says when it is ready, and ends in order when interrupted", async () => {
  const directory = await mkdtemp(join(tmpdir(), "plinth-store-serve-"));
  try {
    const url = `http://127.0.0.1:${await freePort()}`;
    const data = join(directory, "data");
    const first = await serve("--data-dir", data, "--listen-client-urls", url, "--snapshot-count", "9");
    assert.deepEqual(first.lines, [
      "--snapshot-count is ignored: the log is brought over by its size, not by its entries.",
      `ready to serve client requests on ${url}`,
    ]);
    assert.equal(first.code, 0);
    const again = await serve("--data-dir", data, "--listen-client-urls", url);
    assert.equal(again.code, 0);
  } finally {
    await rm(directory, { recursive: true });
  }
});

/** Of the server's side of a connection: "02" while the system asks now and then whether the other is still there. */
async function timerOf(port: number): Promise<string | undefined> {
  const lines = (await readFile("/proc/net/tcp", "utf8")).split("\n").map((line) => line.trim().split(/\s+/));
  const local = `0100007F:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const established = lines.find(([, address, , state]) => address === local && state === "01");
  return established?.[5]?.split(":")[0];
}

test("plinth store serve finds out about clients that have vanished without a word", async () => {
  const directory = await mkdtemp(join(tmpdir(), "plinth-store-serve-"));
  try {
    const port = await freePort();
    const words = ["--data-dir", join(directory, "data"), "--listen-client-urls", `http://127.0.0.1:${port}`];
    const served = await serveWhile(
      async () => {
        using client = await connectTo(`127.0.0.1:${port}`);
        await client.grpc.unary(kvService.range, RangeRequest.of({ key: "k" }));
        assert.equal(await timerOf(port), "02");
      },
      ...words,
    );
    assert.equal(served.code, 0, served.lines.join("\n"));
  } finally {
    await rm(directory, { recursive: true });
  }
});

test("plinth store serve lets nobody in from the start, with a root whose password is in a file", async () => {
  const directory = await mkdtemp(join(tmpdir(), "plinth-store-serve-"));
  try {
    const address = `127.0.0.1:${await freePort()}`;
    const metrics = `http://127.0.0.1:${await freePort()}`;
    const file = join(directory, "password");
    const words = ["--data-dir", join(directory, "data"), "--listen-client-urls", `http://${address}`];
    words.push("--listen-metrics-urls", metrics, "--initial-root-password-file", file);
    await writeFile(file, "first\n", { mode: 0o644 });
    const refused = await serve(...words);
    assert.match(refused.lines.join("\n"), /others may read it/);
    assert.equal(refused.lines.join().includes("first"), false);
    await chmod(file, 0o600);
    const served = await serveWhile(
      async () => {
        using client = await connectTo(address);
        const request = RangeRequest.of({ key: "k" });
        await assert.rejects(client.grpc.unary(kvService.range, request), {
          message: "etcdserver: user name is empty",
        });
        await client.login("first");
        const page = await (await fetch(`${metrics}/metrics`)).text();
        assert.match(page, /^etcd_server_has_leader 1$/m);
        assert.equal((await fetch(`${metrics}/v3/kv/range`)).status, 404);
      },
      ...words,
    );
    assert.equal(served.code, 0, served.lines.join("\n"));
    await writeFile(file, "second");
    const again = await serveWhile(
      async () => {
        using client = await connectTo(address);
        await assert.rejects(client.login("second"), /invalid user ID or password/);
        await client.login("first");
      },
      ...words,
    );
    assert.equal(again.code, 0, again.lines.join("\n"));
  } finally {
    await rm(directory, { recursive: true });
  }
});

test("plinth store serve refuses what it cannot do, before it touches the disk", async () => {
  const directory = join(tmpdir(), "plinth-store-serve-is-never-made");
  for (const words of [
    [],
    ["--data-dir", directory, "--listen-client-urls", "https://127.0.0.1:2379"],
    ["--data-dir", directory, "--listen-client-urls", "http://127.0.0.1:99999"],
    ["--data-dir", directory, "--listen-metrics-urls", "127.0.0.1:1"],
    ["--data-dir", directory, "--cert-file", "a", "--key-file", "b"],
    ["--data-dir", directory, "--trusted-ca-file", "a"],
    ["--data-dir", directory, "--client-cert-auth"],
    ["--data-dir", directory, "--client-crl-file", "a"],
    ["--data-dir", directory, "--auto-compaction-retention", "soon"],
    ["--data-dir", directory, "--auto-compaction-mode", "revision", "--auto-compaction-retention", "1h"],
  ]) {
    const { code, lines } = await serve(...words);
    assert.equal(code, 2, lines.join("\n"));
  }
  await assert.rejects(rm(directory, { recursive: true }), { code: "ENOENT" });
});
