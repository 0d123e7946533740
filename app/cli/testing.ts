/** Runs the command line as a process, in a home with an API server in memory. */
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { type FakeApi, startFakeApi } from "@plinth/client/testing";

const main: string = fileURLToPath(new URL("main.ts", import.meta.url));

export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly home?: string;
  readonly cwd?: string;
  readonly input?: string | Buffer;
  readonly environment?: Readonly<Record<string, string>>;
}

/** Starts it without waiting, for what is interrupted. */
export function startCli(line: readonly string[], options: CliOptions = {}): ChildProcessWithoutNullStreams {
  const { NO_COLOR: _, ...inherited } = process.env;
  const child = spawn(process.execPath, [main, ...line], {
    cwd: options.cwd,
    env: { ...inherited, PLINTH_HOME: options.home ?? "/nowhere/plinth", ...options.environment },
  });
  child.stdin.end(options.input ?? "");
  child.stdin.on("error", () => {}); // it may end before it has read all
  return child;
}

export async function runCli(line: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  const child = startCli(line, options);
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString("utf8")));
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString("utf8")));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, stdout, stderr };
}

/** A directory that is gone after the test. */
export function temporaryDirectory(context: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), "plinth-cli-"));
  context.after(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Writes files below a directory, making what is above them. */
export function writeFiles(directory: string, files: Readonly<Record<string, string | Buffer>>): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), content);
  }
}

/** A home whose daemon is an API server in memory. */
export async function startHome(context: TestContext): Promise<{ home: string; api: FakeApi }> {
  const home = temporaryDirectory(context);
  const api = await startFakeApi(join(home, "plinth.sock"));
  context.after(() => api[Symbol.asyncDispose]());
  api.intercept(({ path }) => {
    if (path === "/session") return { url: "http://127.0.0.1:7080/login?token=once" };
    if (path !== "/status") return undefined;
    return {
      version: "0.1.0",
      home,
      processes: [{ name: "daemon", pid: 1, runtime: "node", memoryBytes: 2 ** 20, cpuSeconds: 1 }],
      watcher: { kind: "supervisor", unit: null },
      listening: [
        { name: "ingress", address: "127.0.0.1", port: 18_080 },
        { name: "api", address: "127.0.0.1", port: 17_080 },
      ],
      host: null,
      mesh: { mode: "cooperative", reason: "it was asked for" },
      telemetry: { otlp: null, traceRatio: null, accessLog: null },
      store: { revision: 1, readOnly: null, etcd: null },
      notices: [],
    };
  });
  return { home, api };
}

/** A command line that runs a script of sh, as root of a user and mount namespace of its own; ends in a minute. */
export function inNamespace(script: string, ...parameters: string[]): string[] {
  const unshare = ["unshare", "--kill-child", "--user", "--map-root-user", "--mount"];
  return ["timeout", "60", ...unshare, "/bin/sh", "-ec", script, "sh", ...parameters];
}

/** For such a script: a small file system of "$2" bytes at "$1". */
export const MOUNT = 'mount -t tmpfs -o size="$2" none "$1"';

/** Whether this machine lets a user do so. */
export function canMount(): boolean {
  const [program, ...words] = inNamespace(MOUNT, "/mnt", "64k");
  return spawnSync(program!, words).status === 0;
}
