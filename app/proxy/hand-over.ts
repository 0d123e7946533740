import { type ChildProcess, spawn } from "node:child_process";
import type { Clock } from "@plinth/clock";
import { Fault, messageOf } from "@plinth/fault";
import { runtimePath, type RuntimeName } from "@plinth/process";
import { proxyMain } from "./entry.ts";

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
  clock: Clock,
): Promise<number> {
  const binary = runtimePath(runtime);
  if (binary === undefined) throw new Fault("unsupported", `Cannot upgrade: no ${runtime} is installed here`);
  const names = [...descriptors.keys()];
  const inherit = names.map((name, index) => `${name}=${FIRST_DESCRIPTOR + index}`).join(",");
  const child = spawn(binary, [proxyMain, "--home", home, "--inherit", inherit], {
    stdio: ["ignore", "pipe", "inherit", ...descriptors.values()],
    detached: true,
  });
  try {
    const message = await firstMessage(child, clock);
    if (!message.serving)
      throw new Fault("unavailable", `Cannot upgrade: the new proxy says: ${message.error ?? "?"}`);
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  } finally {
    child.stdout?.destroy();
    child.unref();
  }
  return child.pid!;
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
