import { type ChildProcess, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ProxyControl, type Snapshot } from "@plinth/connect";
import { runtimePath, type RuntimeName } from "@plinth/process";
import { proxyProgram } from "../entry.ts";

/** Runtimes that the proxy's tests run on here. */
export function installedRuntimes(): RuntimeName[] {
  return (["node", "bun"] as const).filter((name) => runtimePath(name) !== undefined);
}

/** Below the ports that the kernel gives to outgoing connections, of which a test under load makes thousands. */
const STEADY_PORTS = { from: 12_000, to: 32_000 };

/** A port that nothing listened on a moment ago and that no outgoing connection will take. */
export async function steadyPort(): Promise<number> {
  for (;;) {
    const port = randomInt(STEADY_PORTS.from, STEADY_PORTS.to);
    const server = createServer();
    const isFree = new Promise<boolean>((resolve) => {
      server.once("listening", () => resolve(true)).once("error", () => resolve(false));
    });
    server.listen(port, "127.0.0.1");
    if (!(await isFree)) continue;
    server.close();
    await once(server, "close");
    return port;
  }
}

/** A snapshot with one service `test.callee`, called by `caller` on `port`. */
export function outboundTo(port: number, endpoints: readonly number[], version = 1, holdMs = 0): Snapshot {
  return {
    version,
    services: {
      "test.callee": {
        app: "test",
        service: "callee",
        holdMs,
        endpoints: endpoints.map((endpoint) => ({
          instance: `test.callee.${endpoint}`,
          address: "127.0.0.1",
          port: endpoint,
        })),
      },
    },
    outbound: [{ address: "127.0.0.1", port, app: "test", caller: "caller", callee: "test.callee" }],
    ingress: [],
    metrics: null,
    virtual: [],
    sources: {},
    dns: null,
    peer: null,
  };
}

/** A proxy process; later ones that take over are found through its home. */
export class TestProxy implements AsyncDisposable {
  readonly home: string;
  readonly control: ProxyControl;
  readonly first: ChildProcess;
  log = "";

  constructor(home: string, child: ChildProcess) {
    this.home = home;
    this.first = child;
    this.control = new ProxyControl(join(home, "proxy", "control.sock"));
    child.stderr!.on("data", (chunk: Buffer) => {
      this.log += chunk.toString();
    });
  }

  /** The process in charge now, from proxy.json. */
  get pid(): number {
    return (JSON.parse(readFileSync(join(this.home, "proxy", "proxy.json"), "utf8")) as { pid: number }).pid;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      process.kill(this.pid, "SIGKILL");
    } catch {
      // It has ended by itself.
    }
    if (this.first.exitCode === null && this.first.signalCode === null) {
      this.first.kill("SIGKILL");
      await once(this.first, "exit");
    }
    this.first.stderr!.destroy();
    rmSync(this.home, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Starts a proxy under a runtime, with a snapshot already stored, and waits until it serves. */
export async function startProxy(
  runtime: RuntimeName,
  snapshot: Snapshot,
  home?: string,
): Promise<TestProxy> {
  const directory = home ?? mkdtempSync(join(tmpdir(), "plinth-proxy-"));
  mkdirSync(join(directory, "proxy"), { recursive: true, mode: 0o700 });
  const file = join(directory, "proxy", "snapshot.json");
  if (home === undefined || !existsSync(file)) writeFileSync(file, JSON.stringify(snapshot));
  const child = spawn(runtimePath(runtime)!, [...proxyProgram(runtime), "--home", directory], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const proxy = new TestProxy(directory, child);
  for (;;) {
    if (proxy.log.includes('"serving"')) return proxy;
    if (child.exitCode !== null) throw new Error(`the proxy ended: ${proxy.log}`);
    await Promise.race([once(child.stderr, "data"), once(child, "exit")]);
  }
}
