import type { Context } from "../command.ts";
import { readRuntime } from "../runtime.ts";

export async function run(context: Context): Promise<void> {
  const { client, output, json, signal } = context;
  const runtime = readRuntime(context, "runtime");
  await client.upgradeProxy(runtime, { signal });
  const { processes } = await client.status({ signal });
  const proxy = processes.find(({ name }) => name === "proxy");
  if (json) return output.json(proxy ?? null);
  output.note(`The proxy is process ${proxy?.pid ?? "?"} on ${proxy?.runtime ?? "?"} now`);
}
