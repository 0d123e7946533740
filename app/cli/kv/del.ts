import { Item } from "@plinth/store";
import type { Context } from "../command.ts";
import { withStore } from "./kv-store.ts";
import { deleteOf } from "./request.ts";
import { itemJson, printItems } from "./shown.ts";

export async function run(context: Context): Promise<void> {
  const { output, json, signal } = context;
  const range = deleteOf(context);
  await withStore(context, async ({ backend }) => {
    const { deleted, previous, revision } = await backend.delete(range, { signal });
    const items = previous.map((kv) => new Item(kv));
    if (json) {
      const before = range.previous === true && { previous: items.map((item) => itemJson(item)) };
      output.json({ revision, deleted, ...before });
      return;
    }
    output.result(String(deleted));
    await printItems(context, items);
  });
}
