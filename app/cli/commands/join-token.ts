import { parseDurationMs } from "@plinth/resource";
import type { Context } from "../command.ts";

export async function run(context: Context): Promise<void> {
  const { client, output, json, signal } = context;
  const address = context.text("address");
  const host = context.text("host");
  const life = context.text("for");
  const made = await client.createJoinToken(
    {
      ...(address !== undefined && { address }),
      ...(host !== undefined && { host }),
      ...(life !== undefined && { lifeMs: parseDurationMs(life) }),
    },
    { signal },
  );
  if (json) return output.json(made);
  output.note(
    `On the other machine, once and until ${made.expiresAt}: plinth join, and when asked, this token:`,
  );
  output.result(made.token);
  output.note(`It will call ${made.address}; that port and the next must be open between the machines.`);
}
