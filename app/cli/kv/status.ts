import type { Context } from "../command.ts";
import { sizeText } from "../terminal/quantities.ts";
import { withStore } from "./kv-store.ts";

export async function run(context: Context): Promise<void> {
  const { output, json, signal } = context;
  await withStore(context, async ({ backend }) => {
    const { version = null, revision, allocatedBytes, inUseBytes } = await backend.status({ signal });
    if (json) return output.json({ version, revision, allocatedBytes, inUseBytes });
    output.result(`version   ${version ?? "?"}`);
    output.result(`revision  ${revision}`);
    output.result(`size      ${sizeText(allocatedBytes)}, ${sizeText(inUseBytes)} of it in use`);
  });
}
