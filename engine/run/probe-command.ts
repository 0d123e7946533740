import { PassThrough } from "node:stream";
import type { ExecAbility, TaskHandle } from "./driver.ts";

/** What a probe command prints is read up to here for its answer's text. */
const OUTPUT_CHARACTERS_MAX = 4096;

/** Runs a probe's command inside a task, as its commands run. */
export async function probeCommand(
  driver: ExecAbility,
  handle: TaskHandle,
  command: readonly string[],
  { env, directory }: { readonly env: Readonly<Record<string, string>>; readonly directory: string },
  signal: AbortSignal,
): Promise<{ code: number; output: string }> {
  let output = "";
  const sink = new PassThrough();
  sink.on("data", (chunk: Buffer) => {
    if (output.length < OUTPUT_CHARACTERS_MAX) output += chunk.toString("utf8");
  });
  const code = await driver.exec(handle, command, { env, directory, stdout: sink, stderr: sink, signal });
  return { code, output: output.trim() };
}
