import { chooseApp } from "../app-name.ts";
import type { Context } from "../command.ts";
import { awaitHealthy } from "../await-healthy.ts";

export async function run(context: Context): Promise<number> {
  const { client, output, signal } = context;
  const { name } = (await chooseApp(context, context.text("APP"))).metadata;
  const app = await client.rollback(name, context.number("to"), { signal });
  output.note(
    `Returning ${name} to ${context.number("to") === undefined ? "the release before" : `release ${context.number("to")}`}`,
  );
  return awaitHealthy(context, app);
}
