import type { Context } from "../command.ts";
import { startDaemon } from "../supervision.ts";

export async function run({ home, clock, signal, client, output, json }: Context): Promise<void> {
  await startDaemon({ home, clock, signal }, false);
  const status = await client.status({ signal });
  if (json) return output.json(status);
  output.result(`Plinth ${status.version} runs in ${status.home}`);
}
