import { messageOf } from "@plinth/fault";
import type { Change, WatchItem } from "@plinth/store";
import type { Context } from "../command.ts";
import { withStore } from "./kv-store.ts";
import { spanOf } from "./request.ts";
import { itemJson, printItem } from "./shown.ts";

/** Every change as it comes, until interrupted. */
export async function run(context: Context): Promise<void> {
  const { output, signal } = context;
  const span = spanOf(context);
  const fromRevision = context.number("rev") ?? 0;
  /** What was said last: attempts that fail alike are one interruption to whoever reads this. */
  let said = "";
  await withStore(context, async (store) => {
    const items = await store.watch(span, {
      signal,
      relist: true,
      ...(fromRevision > 0 && { fromRevision }),
      onInterrupted: (error) => {
        if (messageOf(error) === said) return;
        said = messageOf(error);
        output.warn(`The watch was interrupted, and goes on: ${said}`);
      },
    });
    for await (const item of items) {
      said = "";
      await print(context, item);
    }
  });
}

async function print(context: Context, item: WatchItem): Promise<void> {
  const { output, json, signal } = context;
  const { stdout } = output;
  if (item.kind === "relist") {
    output.warn(
      `Some changes are forgotten: these are all ${item.items.length} keys as of revision ${item.revision}, and others are gone.`,
    );
    if (json) {
      const items = item.items.map((each) => itemJson(each));
      return stdout.writeAll(
        `${JSON.stringify({ type: "relist", revision: item.revision, items })}\n`,
        signal,
      );
    }
    for (const each of item.items) {
      await stdout.writeAll("PUT\n", signal);
      await printItem(context, each);
    }
    return;
  }
  for (const change of item.changes) {
    if (json) await stdout.writeAll(`${JSON.stringify(changeJson(change, context.is("prev-kv")))}\n`, signal);
    else await printChange(context, change);
  }
}

function changeJson({ kind, item, previous }: Change, withPrevious: boolean): object {
  return {
    type: kind,
    ...itemJson(item, { keysOnly: kind === "delete" }),
    ...(withPrevious && { previous: previous === undefined ? null : itemJson(previous) }),
  };
}

async function printChange(context: Context, { kind, item, previous }: Change): Promise<void> {
  await context.output.stdout.writeAll(`${kind.toUpperCase()}\n`, context.signal);
  if (context.is("prev-kv") && previous !== undefined) await printItem(context, previous);
  await printItem(context, item);
}
