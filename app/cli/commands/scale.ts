import { chooseApp } from "../app-name.ts";
import { awaitHealthy } from "../await-healthy.ts";
import type { Context } from "../command.ts";
import { UsageFault } from "../exit-code.ts";

/** The schema's limit for replicas, said before anything is sent. */
const REPLICAS_MAX = 100;

export async function run(context: Context): Promise<number> {
  const { client, output, signal, words } = context;
  const services: Record<string, { replicas: number }> = {};
  for (const pair of context.many("SERVICE=N")) {
    const match = /^([a-z0-9-]+)=([0-9]{1,3})$/.exec(pair);
    if (match === null || Number(match[2]) > REPLICAS_MAX) {
      throw new UsageFault(
        `Cannot use ${JSON.stringify(pair)}: expected SERVICE=N with N from 0 to ${REPLICAS_MAX}, such as web=3`,
        words,
      );
    }
    services[match[1]!] = { replicas: Number(match[2]) };
  }
  const app = await chooseApp(context, context.text("app"));
  const known = Object.keys(app.spec.services);
  for (const service of Object.keys(services)) {
    if (known.includes(service)) continue;
    throw new UsageFault(`${app.metadata.name} has no service "${service}"`, words, {
      hint: `Its services: ${known.join(", ")}.`,
      mistyped: { word: service, among: known },
    });
  }
  const changed = await client.patch("App", app.metadata.name, { spec: { services } }, { signal });
  const code = await awaitHealthy(context, changed);
  output.note("The next `plinth up` sets what the config says.");
  return code;
}
