import { type Backend, Item, type RangeQuery } from "@plinth/store";
import type { Context } from "../command.ts";
import { withStore } from "./kv-store.ts";
import { layoutOf, queryOf } from "./request.ts";
import { itemJson, printItems } from "./shown.ts";

/** Entries of one request where there may be many: some hundred kilobytes of usual values. */
const PAGE_KEYS = 500;

interface Page {
  readonly items: readonly Item[];
  readonly revision: number;
  /** All keys in the range. */
  readonly count: number;
  readonly more: boolean;
}

export async function run(context: Context): Promise<void> {
  const query = queryOf(context);
  const layout = layoutOf(context);
  const serializable = context.text("consistency") === "s";
  await withStore(context, async ({ backend }) => {
    const { output, json, signal } = context;
    // A sorted answer is one, and so is a limited one.
    const isPaged = query.limit === 0 && query.sort === undefined && query.countOnly !== true;
    const reading = { serializable, signal };
    const first = await pageOf(backend, { ...query, ...(isPaged && { limit: PAGE_KEYS }) }, reading);
    if (query.countOnly === true) {
      if (json) output.json({ revision: first.revision, count: first.count });
      else output.result(String(first.count));
      return;
    }
    const pages = isPaged ? following(backend, query, first, reading) : [first];
    if (!json) {
      for await (const { items } of pages) await printItems(context, items, layout);
      return;
    }
    const items: object[] = [];
    let more = first.more;
    for await (const page of pages) {
      for (const item of page.items) items.push(itemJson(item, layout));
      more = page.more;
    }
    output.json({ revision: first.revision, count: first.count, more, items });
  });
}

interface Reading {
  readonly serializable: boolean;
  readonly signal: AbortSignal;
}

async function pageOf(backend: Backend, query: RangeQuery, reading: Reading): Promise<Page> {
  const { kvs, revision, count, more } = await backend.range(query, reading);
  return { items: kvs.map((kv) => new Item(kv)), revision, count, more };
}

/** This page and those behind it, all of one revision. */
async function* following(
  backend: Backend,
  query: RangeQuery,
  first: Page,
  reading: Reading,
): AsyncGenerator<Page> {
  const revision = query.revision || first.revision;
  for (let page = first; ;) {
    yield page;
    const last = page.items.at(-1);
    if (!page.more || last === undefined) return;
    page = await pageOf(backend, { ...query, key: `${last.rawKey}\0`, limit: PAGE_KEYS, revision }, reading);
  }
}
