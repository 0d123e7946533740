import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";

const LAUNCHER = new URL("../app/cli/plinth", import.meta.url).pathname;

/** Runs a command as a user types it, in a home; what it printed. */
export async function plinth(home: string, ...parameters: string[]): Promise<string> {
  const child = spawn("/bin/sh", [LAUNCHER, "--home", home, ...parameters], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close"),
  ]);
  if (code !== 0) throw new Error(`plinth ${parameters.join(" ")} ended with ${code}:\n${stderr}`);
  return stdout;
}

/** Where a home that has been started serves its apps. */
export function ingressPortOf(home: string): number {
  const settings = JSON.parse(readFileSync(join(home, "settings.json"), "utf8")) as { ingressPort: number };
  return settings.ingressPort;
}

/** What a shell says of a program that Ctrl-C ended. */
const INTERRUPTED = 130;

/** Takes a home down when disposed, and when somebody has enough of the run: a daemon would go on without it. */
export function takenDown(home: string): AsyncDisposable {
  const onInterrupt = (): void => {
    spawnSync("/bin/sh", [LAUNCHER, "--home", home, "down", "--all"], { stdio: "ignore" });
    process.exit(INTERRUPTED);
  };
  process.once("SIGINT", onInterrupt);
  return {
    [Symbol.asyncDispose]: async () => {
      process.off("SIGINT", onInterrupt);
      await plinth(home, "down", "--all");
    },
  };
}
