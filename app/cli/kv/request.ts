import {
  type DeleteRange,
  type KeyRange,
  keyRangeOf,
  type KeySpan,
  type Put,
  type RangeQuery,
  type SortTarget,
} from "@plinth/store";
import type { Context } from "../command.ts";
import { UsageFault } from "../exit-code.ts";
import type { Layout } from "./shown.ts";

/** What was said on a command line, or on a line of a transaction. */
export type Said = Pick<Context, "words" | "text" | "number" | "required" | "is">;

/** The keys that KEY, RANGE_END, --prefix and --from-key name together. */
export function spanOf(said: Said): KeySpan {
  const key = said.required("KEY");
  const end = said.text("RANGE_END") ?? "";
  const prefix = said.is("prefix");
  const from = said.is("from-key");
  if (prefix && from) throw new UsageFault("Cannot use both --prefix and --from-key", said.words);
  if (end !== "" && (prefix || from)) {
    throw new UsageFault("Cannot use RANGE_END with --prefix or --from-key", said.words);
  }
  if (prefix) return { prefix: key };
  if (from) return { from: key };
  return end === "" ? key : { from: key, to: end };
}

function rangeOf(said: Said): KeyRange {
  return keyRangeOf(spanOf(said));
}

const sortTargets: Readonly<Record<string, SortTarget>> = {
  CREATE: "create",
  KEY: "key",
  MODIFY: "mod",
  VALUE: "value",
  VERSION: "version",
};

function sortOf(said: Said): RangeQuery["sort"] {
  const order = said.text("order")?.toUpperCase();
  const by = said.text("sort-by")?.toUpperCase();
  if (order === undefined && by === undefined) return undefined;
  if (order !== undefined && order !== "ASCEND" && order !== "DESCEND") {
    throw new UsageFault(`Cannot use "${order}" for --order: expected ASCEND or DESCEND`, said.words);
  }
  const target = by === undefined ? "key" : sortTargets[by];
  if (target === undefined) {
    const names = Object.keys(sortTargets);
    throw new UsageFault(`Cannot use "${by}" for --sort-by: expected ${names.join(", ")}`, said.words, {
      mistyped: { word: by ?? "", among: names },
    });
  }
  return { target, descending: order === "DESCEND" };
}

export function queryOf(said: Said): RangeQuery {
  const sort = sortOf(said);
  return {
    ...rangeOf(said),
    revision: said.number("rev") ?? 0,
    limit: said.number("limit") ?? 0,
    keysOnly: said.is("keys-only"),
    countOnly: said.is("count-only"),
    ...(sort !== undefined && { sort }),
  };
}

export function layoutOf(said: Said): Layout {
  const layout = { keysOnly: said.is("keys-only"), valueOnly: said.is("print-value-only") };
  if (layout.keysOnly && layout.valueOnly) {
    throw new UsageFault("Cannot use both --keys-only and --print-value-only", said.words);
  }
  return layout;
}

export function putOf(said: Said, value: Uint8Array): Put {
  return {
    key: keyRangeOf(said.required("KEY")).key,
    value,
    lease: leaseIdOf(said, said.text("lease") ?? "0"),
    previous: said.is("prev-kv"),
    ignoreValue: said.is("ignore-value"),
    ignoreLease: said.is("ignore-lease"),
  };
}

export function deleteOf(said: Said): DeleteRange {
  return { ...rangeOf(said), previous: said.is("prev-kv") };
}

/** A lease's id is written in hexadecimal, as etcdctl does. */
export function leaseIdOf({ words }: Pick<Said, "words">, text: string): bigint {
  if (!/^[0-9a-f]{1,16}$/i.test(text)) {
    throw new UsageFault(`Cannot use ${JSON.stringify(text)} as a lease: expected its hexadecimal id`, words);
  }
  return BigInt.asIntN(64, BigInt(`0x${text}`));
}
