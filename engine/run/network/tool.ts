import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { once } from "node:events";
import type { Clock } from "@plinth/clock";
import { Fault, messageOf } from "@plinth/fault";
import { toolPath } from "../tool-path.ts";

/** These tools answer in milliseconds; one that does not waits for a lock in the kernel that nobody gives back. */
const TOOL_TIMEOUT_MS = 20_000;

export interface ToolOptions {
  readonly clock: Clock;
  /** Given to its standard input. */
  readonly input?: string;
  /** Do not fail when it does: it removes what may not be there. */
  readonly mayFail?: boolean;
}

/** Runs a tool of the system and gives its output. Fault with what it said when it fails. */
export async function runTool(
  name: string,
  parameters: readonly string[],
  { clock, input, mayFail = false }: ToolOptions,
): Promise<string> {
  const child = spawn(toolPath(name), parameters, {
    env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C" },
    stdio: "pipe",
  });
  const cancel = clock.schedule(TOOL_TIMEOUT_MS, () => child.kill("SIGKILL"));
  try {
    child.stdin.on("error", () => {}).end(input ?? "");
    const [output, complaint, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, "close") as Promise<[number | null]>,
    ]);
    if (code !== 0 && !mayFail) {
      const what = [name, ...parameters].join(" ");
      throw new Fault("unavailable", `"${what}" failed (${code ?? "killed"}): ${complaint.trim()}`);
    }
    return output;
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw new Fault("unavailable", `Cannot run ${name}: ${messageOf(error)}`, { cause: error });
  } finally {
    cancel();
  }
}
