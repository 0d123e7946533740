import { type ChildProcess, spawn } from "node:child_process";
import type { Clock } from "@plinth/clock";
import type { ProxyIdentities } from "@plinth/connect";
import { Fault, messageOf } from "@plinth/fault";
import { runtimePath, type RuntimeName } from "@plinth/process";
import { proxyProgram } from "./entry.ts";

/** A new proxy that has not said that it serves after this long does not serve. */
const START_TIMEOUT_MS = 15_000;
/** Descriptors 0 to 2 are the standard ones. */
const FIRST_DESCRIPTOR = 3;
const MESSAGE_BYTES_MAX = 64 * 1024;

/** What a new proxy tells the old one on its standard output. */
export interface HandOverMessage {
  readonly serving: boolean;
  /** Why not. */
  readonly error?: string;
}

/**
 * Starts a proxy that inherits the listening descriptors and resolves with its pid once it serves. Until then, and
 * if it fails, this process serves as before: connections wait in a queue that both share.
 */
export async function startSuccessor(
  home: string,
  runtime: RuntimeName,
  descriptors: ReadonlyMap<string, number>,
  identities: ProxyIdentities | undefined,
  clock: Clock,
): Promise<number> {
  const binary = runtimePath(runtime);
  if (binary === undefined) throw new Fault("unsupported", `Cannot upgrade: no ${runtime} is installed here`);
  const names = [...descriptors.keys()];
  const inherit = names.map((name, index) => `${name}=${FIRST_DESCRIPTOR + index}`).join(",");
  const child = spawn(binary, [...proxyProgram(runtime), "--home", home, "--inherit", inherit], {
    stdio: ["pipe", "pipe", "inherit", ...descriptors.values()],
    detached: true,
  });
  // Keys go through a pipe: neither arguments, environment nor disk are a place for them.
  child.stdin!.on("error", () => {}); // its end is told by "exit"
  child.stdin!.end(identities === undefined ? "" : JSON.stringify(identities));
  try {
    const message = await firstMessage(child, clock);
    if (!message.serving)
      throw new Fault("unavailable", `Cannot upgrade: the new proxy says: ${message.error ?? "?"}`);
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  } finally {
    child.stdin?.destroy();
    child.stdout?.destroy();
    child.unref();
  }
  return child.pid!;
}

/** What the proxy before this one has written to our standard input: identities, or nothing. */
export async function receiveIdentities(): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString();
  if (text === "") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    throw new Fault("invalid", "Cannot take over: the identities handed over are no JSON");
  }
}

function firstMessage(child: ChildProcess, clock: Clock): Promise<HandOverMessage> {
  return new Promise((resolve, reject) => {
    let text = "";
    const cancel = clock.schedule(START_TIMEOUT_MS, () =>
      reject(
        new Fault(
          "timeout",
          `Cannot upgrade: the new proxy does not serve after ${START_TIMEOUT_MS / 1_000} s`,
        ),
      ),
    );
    child.on("error", (error) => {
      cancel();
      reject(new Fault("unavailable", `Cannot upgrade: ${messageOf(error)}`, { cause: error }));
    });
    child.on("exit", (code, signal) => {
      cancel();
      reject(
        new Fault("unavailable", `Cannot upgrade: the new proxy ended with ${signal ?? `exit code ${code}`}`),
      );
    });
    child.stdout!.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      const end = text.indexOf("\n");
      if (end < 0 && text.length < MESSAGE_BYTES_MAX) return;
      cancel();
      try {
        resolve(JSON.parse(text.slice(0, end)) as HandOverMessage);
      } catch (error) {
        reject(new Fault("unavailable", "Cannot upgrade: the new proxy speaks no JSON", { cause: error }));
      }
    });
  });
}
