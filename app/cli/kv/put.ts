import { Fault } from "@plinth/fault";
import { Item } from "@plinth/store";
import type { Context } from "../command.ts";
import { UsageFault } from "../exit-code.ts";
import { withStore } from "./kv-store.ts";
import { putOf } from "./request.ts";
import { itemJson, printItem } from "./shown.ts";

/** More than any server takes in one request: etcd's default is 1.5 MiB. */
const VALUE_BYTES_MAX = 64 * 2 ** 20;

export async function run(context: Context): Promise<void> {
  const { output, json, signal } = context;
  const put = putOf(context, await valueOf(context));
  await withStore(context, async ({ backend }) => {
    const { previous, revision } = await backend.put(put, { signal });
    const before = previous === undefined ? undefined : new Item(previous);
    if (json) {
      output.json({
        revision,
        ...(put.previous === true && { previous: before === undefined ? null : itemJson(before) }),
      });
      return;
    }
    output.result("OK");
    if (before !== undefined) await printItem(context, before);
  });
}

/** As given, else standard input as it is, a closing newline included. */
async function valueOf(context: Context): Promise<Uint8Array> {
  const value = context.text("VALUE");
  if (context.is("ignore-value")) {
    if (value !== undefined) throw new UsageFault("Cannot use VALUE with --ignore-value", context.words);
    return new Uint8Array(0);
  }
  return value === undefined || value === "-" ? readInput(context) : Buffer.from(value);
}

/** All of standard input; Fault `too-large` for more than a request may hold. */
export async function readInput({ signal, output }: Pick<Context, "signal" | "output">): Promise<Buffer> {
  if (process.stdin.isTTY) output.note("Reading standard input; Ctrl-D on a line of its own ends it.");
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    signal.throwIfAborted();
    bytes += chunk.length;
    if (bytes > VALUE_BYTES_MAX) {
      throw new Fault("too-large", `Cannot use more than ${VALUE_BYTES_MAX} bytes of standard input`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
