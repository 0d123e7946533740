import { upgradeDaemon } from "@plinth/daemon";
import type { Context } from "../command.ts";
import { readRuntime } from "../runtime.ts";
import { version } from "./version.ts";

export async function run(context: Context): Promise<void> {
  const { client, output, json, signal, home, clock } = context;
  const runtime = readRuntime(context, "runtime");
  const before = await client.status({ signal });
  const installed = version();
  if (before.version !== installed || context.is("daemon")) {
    output.note(`Upgrading the daemon from ${before.version} to ${installed}`);
    await upgradeDaemon(home, clock);
  }
  await client.upgradeProxy(runtime, { signal });
  const { processes, version: running } = await client.status({ signal });
  const proxy = processes.find(({ name }) => name === "proxy");
  if (json) return output.json(proxy ?? null);
  output.note(`The proxy is process ${proxy?.pid ?? "?"} on ${proxy?.runtime ?? "?"} now`);
  if (running !== before.version) output.result(`Plinth is ${running} now, and was ${before.version}`);
}
