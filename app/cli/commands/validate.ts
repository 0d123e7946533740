import type { Context } from "../command.ts";
import { loadConfig } from "../config/load-config.ts";
import { shownPath } from "../terminal/shown-path.ts";

export async function run(context: Context): Promise<void> {
  const { clock, signal, output, json } = context;
  if (context.is("schema")) {
    const { jsonSchema } = await import("@plinth/resource");
    return output.json(jsonSchema("Config"));
  }
  const { name, spec, file } = await loadConfig(context.text("DIR|FILE") ?? ".", {
    clock,
    signal,
    print: (text) => output.stderr.write(text),
  });
  const services = Object.keys(spec.services);
  if (json) return output.json({ valid: true, app: name, services, file });
  output.result(
    `${shownPath(file)} is valid: ${name} with ${services.length === 1 ? "1 service" : `${services.length} services`}`,
  );
}
