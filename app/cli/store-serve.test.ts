import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const PROGRAM = fileURLToPath(new URL("./plinth", import.meta.url));

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

interface Ended {
  readonly code: number | null;
  readonly lines: readonly string[];
}

/** Runs `plinth store serve`; interrupts it once it is ready. */
async function serve(...words: string[]): Promise<Ended> {
  const child = spawn("sh", [PROGRAM, "store", "serve", ...words], { stdio: ["ignore", "ignore", "pipe"] });
  const exited = once(child, "exit");
  const lines: string[] = [];
  for await (const line of createInterface(child.stderr)) {
    lines.push(line);
    if (line.startsWith("ready to serve client requests")) child.kill("SIGINT");
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
      "--snapshot-count is ignored: there is no log to cut off.",
      `ready to serve client requests on ${url}`,
    ]);
    assert.equal(first.code, 0);
    const again = await serve("--data-dir", data, "--listen-client-urls", url);
    assert.equal(again.code, 0);
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
    ["--data-dir", directory, "--auto-compaction-retention", "soon"],
    ["--data-dir", directory, "--auto-compaction-mode", "revision", "--auto-compaction-retention", "1h"],
  ]) {
    const { code, lines } = await serve(...words);
    assert.equal(code, 2, lines.join("\n"));
  }
  await assert.rejects(rm(directory, { recursive: true }), { code: "ENOENT" });
});
