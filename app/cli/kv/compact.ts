import type { Context } from "../command.ts";
import { withStore } from "./kv-store.ts";

export async function run(context: Context): Promise<void> {
  const { output, json, signal } = context;
  const revision = Number(context.required("REVISION"));
  await withStore(context, ({ backend }) => backend.compact(revision, context.is("physical"), { signal }));
  if (json) output.json({ compactedRevision: revision });
  else output.result(`compacted revision ${revision}`);
}
