import { stat } from "node:fs/promises";
import { Fault, messageOf } from "@plinth/fault";
import { writeStreamDurably } from "@plinth/file";
import { inspectSnapshot, restoreMvcc } from "@plinth/store";
import type { Context } from "../command.ts";
import { UsageFault } from "../exit-code.ts";
import { fileFault } from "../file-fault.ts";
import { readChunks } from "../read-chunks.ts";
import { showBytes } from "../terminal/byte-progress.ts";
import { sizeText } from "../terminal/quantities.ts";
import { faultOf, withStore } from "./kv-store.ts";

export async function run(context: Context): Promise<void> {
  const verb = context.words[2];
  const file = context.required("FILE");
  if (verb === "save") return save(context, file);
  return verb === "status" ? status(context, file) : restore(context, file);
}

/** To FILE.part, synced, then renamed: FILE is a whole snapshot whenever it is there. */
async function save(context: Context, file: string): Promise<void> {
  const { output, json, signal } = context;
  const bytes = await withStore(context, async (store) => {
    using progress = showBytes(context, "snapshot");
    return writeStreamDurably(file, store.snapshot({ signal }), { onProgress: progress.update }).catch(
      (error: unknown) => {
        throw fileFault(error, `Cannot save the snapshot as "${file}"`);
      },
    );
  });
  if (json) output.json({ file, bytes });
  else output.result(`Snapshot saved at ${file}`);
}

async function status({ output, json, signal }: Context, file: string): Promise<void> {
  const bytes = await sizeOf(file);
  const { revision, records } = await reading(file, () => inspectSnapshot(readChunks(file, { signal })));
  if (json) return output.json({ revision, records, bytes });
  output.result(`revision  ${revision}`);
  output.result(`records   ${records}, history included`);
  output.result(`size      ${sizeText(bytes)}`);
}

async function restore(context: Context, file: string): Promise<void> {
  const { output, json, signal, words } = context;
  const directory = context.text("data-dir");
  if (directory === undefined) throw new UsageFault("Cannot restore: --data-dir is not given", words);
  await sizeOf(file);
  await reading(file, () => restoreMvcc(directory, readChunks(file, { signal }), { sealed: true }));
  if (json) output.json({ file, directory });
  else output.result(`restored to ${directory}`);
}

async function sizeOf(file: string): Promise<number> {
  try {
    return (await stat(file)).size;
  } catch (error) {
    throw new Fault("not-found", `Cannot read "${file}": ${messageOf(error)}`, { cause: error });
  }
}

async function reading<Result>(file: string, body: () => Promise<Result>): Promise<Result> {
  try {
    return await body();
  } catch (error) {
    const fault = faultOf(error);
    if (!(fault instanceof Fault) || fault.code !== "corrupt") throw fault;
    const hint = "It is not a whole snapshot of a store of Plinth's; etcdctl reads etcd's own.";
    throw new Fault("corrupt", `Cannot use "${file}": ${fault.message}`, { cause: fault, hint });
  }
}
