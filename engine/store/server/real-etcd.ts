import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { freePort } from "@plinth/process/testing";

/** What 3.4 says of itself with and without TLS, and what 3.5 says. */
export const ETCD_READY: RegExp = /serving (insecure )?client (requests|traffic)/;

/** A process of Debian's etcd with a directory of its own, to compare with. */
export interface RealEtcd extends AsyncDisposable {
  readonly port: number;
}

export interface RealEtcdOptions {
  /** TLS, for clients with a certificate of its authority only; paths of PEM. */
  readonly tls?: { readonly ca: string; readonly cert: string; readonly key: string };
}

/** Undefined where etcd is not installed. */
export async function startRealEtcd({ tls }: RealEtcdOptions = {}): Promise<RealEtcd | undefined> {
  await using cleanup = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), "plinth-etcd-"));
  cleanup.defer(() => rm(directory, { recursive: true, force: true }));
  const [port, peerPort] = [await freePort(), await freePort()];
  const client = `${tls === undefined ? "http" : "https"}://127.0.0.1:${port}`;
  const peer = `http://127.0.0.1:${peerPort}`;
  const process = spawn(
    "etcd",
    [
      ["--data-dir", directory],
      ["--listen-client-urls", client],
      ["--advertise-client-urls", client],
      ["--listen-peer-urls", peer],
      ["--initial-advertise-peer-urls", peer],
      ["--initial-cluster", `default=${peer}`],
      // A test's data may be lost with the machine.
      ["--unsafe-no-fsync"],
      tls === undefined
        ? []
        : ["--client-cert-auth", "--trusted-ca-file", tls.ca, "--cert-file", tls.cert, "--key-file", tls.key],
    ].flat(),
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  const exited = once(process, "exit");
  try {
    await once(process, "spawn");
  } catch (error) {
    exited.catch(() => {});
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  cleanup.defer(async () => {
    process.kill("SIGKILL");
    await exited;
  });
  const lines = createInterface(process.stderr);
  for await (const line of lines) if (ETCD_READY.test(line)) break;
  // What it says later must not fill the pipe.
  process.stderr.resume();
  const lifetime = cleanup.move();
  return { port, [Symbol.asyncDispose]: () => lifetime.disposeAsync() };
}
