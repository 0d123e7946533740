import type { Context } from "../command.ts";
import { UsageFault } from "../exit-code.ts";

export async function run(context: Context): Promise<void> {
  const { client, output, json, signal, words } = context;
  const runtime = context.text("runtime");
  if (runtime !== undefined && runtime !== "node" && runtime !== "bun") {
    throw new UsageFault(`Cannot run the proxy on ${JSON.stringify(runtime)}: expected node or bun`, words);
  }
  await client.upgradeProxy(runtime, { signal });
  const { processes } = await client.status({ signal });
  const proxy = processes.find(({ name }) => name === "proxy");
  if (json) return output.json(proxy ?? null);
  output.note(`The proxy is process ${proxy?.pid ?? "?"} on ${proxy?.runtime ?? "?"} now`);
}
