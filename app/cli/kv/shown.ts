import { isUtf8 } from "node:buffer";
import { type Item, textOf } from "@plinth/store";
import type { Context } from "../command.ts";
import { plainText } from "../terminal/plain-text.ts";

/** How an entry is printed: etcdctl's key line, then value line, unless told otherwise. */
export interface Layout {
  readonly keysOnly?: boolean;
  readonly valueOnly?: boolean;
}

/** Bytes as they are for a program; for a terminal, text that cannot drive it. */
export async function printLine({ output, signal }: Context, bytes: Uint8Array): Promise<void> {
  const { stdout } = output;
  if (stdout.isTerminal) return stdout.writeAll(`${plainText(textOf(bytes))}\n`, signal);
  return stdout.writeAll(Buffer.concat([bytes, Buffer.from("\n")]), signal);
}

export async function printItem(context: Context, item: Item, layout: Layout = {}): Promise<void> {
  if (layout.valueOnly !== true) await printLine(context, Buffer.from(item.rawKey, "latin1"));
  // As etcdctl: the value's line is there and empty.
  await printLine(context, layout.keysOnly === true ? Buffer.alloc(0) : item.value);
}

export async function printItems(context: Context, items: readonly Item[], layout?: Layout): Promise<void> {
  for (const item of items) await printItem(context, item, layout);
}

/** A key or a value in JSON: text where it is UTF-8, else null and base64 beside it. */
function jsonOf(name: "key" | "value", bytes: Uint8Array): Record<string, string | null> {
  if (isUtf8(bytes)) return { [name]: textOf(bytes) };
  return { [name]: null, [`${name}Base64`]: Buffer.from(bytes).toString("base64") };
}

export function keyJson(rawKey: string): Record<string, string | null> {
  return jsonOf("key", Buffer.from(rawKey, "latin1"));
}

/** An entry for a program; without the value where only keys were asked for. */
export function itemJson(item: Item, layout: Layout = {}): Record<string, string | number | null> {
  const { rawKey, value, createRevision, modRevision, version, lease } = item;
  return {
    ...keyJson(rawKey),
    ...(layout.keysOnly === true ? {} : jsonOf("value", value)),
    createRevision,
    modRevision,
    version,
    lease: lease === 0n ? null : leaseText(lease),
  };
}

/** A lease's id as etcdctl writes it. */
export function leaseText(id: bigint): string {
  return BigInt.asUintN(64, id).toString(16).padStart(16, "0");
}
