import { readFileSync } from "node:fs";
import type { Context } from "../command.ts";
import type { Output } from "../terminal/output.ts";

/** Of what is installed here. */
export function version(): string {
  const manifest = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return (JSON.parse(manifest) as { version: string }).version;
}

export async function run({ output, json }: Context): Promise<void> {
  printVersion(output, json);
}

export function printVersion(output: Output, json: boolean): void {
  const { arch, platform, version: node } = process;
  if (json) output.json({ version: version(), node, platform, arch });
  else output.result(`plinth ${version()} (Node ${node}, ${platform} ${arch})`);
}
