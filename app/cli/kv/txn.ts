import { Item, type OperationResult } from "@plinth/store";
import type { Context } from "../command.ts";
import { withStore } from "./kv-store.ts";
import { readInput } from "./put.ts";
import { itemJson, type Layout, printItems } from "./shown.ts";
import { parseTransaction } from "./txn-parse.ts";

export async function run(context: Context): Promise<void> {
  const { output, json, signal } = context;
  if (process.stdin.isTTY)
    output.note("Compares, an empty line, what to do if they hold, an empty line, what if not:");
  const { compares, success, failure } = parseTransaction((await readInput(context)).toString());
  const transaction = {
    compares,
    success: success.map(({ operation }) => operation),
    failure: failure.map(({ operation }) => operation),
  };
  await withStore(context, async ({ backend }) => {
    const { succeeded, revision, results } = await backend.transact(transaction, { signal });
    const layouts = (succeeded ? success : failure).map(({ layout }) => layout);
    if (json) {
      output.json({
        succeeded,
        revision,
        results: results.map((result, index) => resultJson(result, layouts[index])),
      });
      return;
    }
    output.result(succeeded ? "SUCCESS" : "FAILURE");
    for (const [index, result] of results.entries()) {
      output.result("");
      await printResult(context, result, layouts[index]);
    }
  });
}

async function printResult(
  context: Context,
  result: OperationResult,
  layout: Layout | undefined,
): Promise<void> {
  const items = itemsOf(result);
  if (result.kind === "put") context.output.result("OK");
  if (result.kind === "delete") context.output.result(String(result.deleted));
  await printItems(context, items, layout);
}

function itemsOf(result: OperationResult): Item[] {
  if (result.kind === "put") return result.previous === undefined ? [] : [new Item(result.previous)];
  if (result.kind === "delete") return result.previous.map((kv) => new Item(kv));
  return result.kind === "range" ? result.range.kvs.map((kv) => new Item(kv)) : [];
}

function resultJson(result: OperationResult, layout: Layout | undefined): object {
  const items = itemsOf(result).map((item) => itemJson(item, layout));
  if (result.kind === "put") return { type: "put", previous: items[0] ?? null };
  if (result.kind === "delete") return { type: "delete", deleted: result.deleted, previous: items };
  const { count = 0, more = false } = result.kind === "range" ? result.range : {};
  return { type: "get", count, more, items };
}
