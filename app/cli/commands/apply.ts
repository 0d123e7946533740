import { readFileSync, statSync } from "node:fs";
import { Fault, messageOf } from "@plinth/fault";
import type { KindName, Resource } from "@plinth/resource";
import type { Context } from "../command.ts";
import { parseDocuments } from "../config/yaml-config.ts";
import { UsageFault } from "../exit-code.ts";
import { kindNamed } from "../kind-name.ts";

/** Some apps' worth of YAML; what is larger is not a file of resources. */
const FILE_BYTES_MAX = 16 * 2 ** 20;

export async function run(context: Context): Promise<void> {
  const { client, output, json, signal, words } = context;
  const file = context.text("file");
  if (file === undefined)
    throw new UsageFault("`plinth apply` needs --file FILE, or - for standard input", words);
  const dryRun = context.is("dry-run");
  const resources = parseDocuments(file === "-" ? await readInput(signal) : readFile(file), file).map(
    (value, index) => resourceFrom(value, `document ${index + 1} of ${file}`, words),
  );
  const applied: Resource[] = [];
  for (const { kind, metadata, spec } of resources) {
    const name = metadata.name;
    const draft = { metadata: withoutServerFields(metadata), spec };
    applied.push(await client.apply(kind, draft as never, { signal, dryRun }));
    if (!json) output.result(`${kind.toLowerCase()} ${name} is ${dryRun ? "valid" : "applied"}`);
  }
  if (json) output.json(applied);
}

function resourceFrom(value: unknown, place: string, words: readonly string[]): Resource<KindName> {
  const { kind, metadata, spec } = (value ?? {}) as Partial<Resource>;
  if (typeof kind !== "string" || typeof metadata?.name !== "string") {
    throw new Fault(
      "invalid",
      `Cannot apply ${place}: expected a resource with kind, metadata.name and spec`,
      {
        hint: "A config file is deployed with `plinth up`.",
      },
    );
  }
  return { ...(value as Resource), kind: kindNamed(kind, words), metadata, spec: spec ?? {} };
}

/** What `get -o yaml` shows beside what the user wrote; the version stays, to catch a change in between. */
function withoutServerFields(metadata: Resource["metadata"]): Resource["metadata"] {
  const {
    uid: _uid,
    generation: _generation,
    creationTimestamp: _created,
    deletionTimestamp: _deleted,
    ...own
  } = metadata;
  return own;
}

function readFile(file: string): string {
  try {
    const stats = statSync(file);
    if (stats.size > FILE_BYTES_MAX) throw tooLarge(file);
    return readFileSync(file, "utf8");
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw new Fault("invalid", `Cannot read "${file}": ${messageOf(error)}`, { cause: error });
  }
}

async function readInput(signal: AbortSignal): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    signal.throwIfAborted();
    bytes += chunk.length;
    if (bytes > FILE_BYTES_MAX) throw tooLarge("standard input");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function tooLarge(what: string): Fault {
  return new Fault("too-large", `Cannot apply ${what}: more than ${FILE_BYTES_MAX / 2 ** 20} MiB`);
}
