import { createHash } from "node:crypto";
import { realpathSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { isoTime } from "@plinth/clock";
import { homePaths } from "@plinth/daemon";
import { Fault } from "@plinth/fault";
import type { StatusReport } from "@plinth/resource";
import { checkedSnapshot, openClient } from "@plinth/store";
import type { Context } from "../command.ts";
import { UsageFault } from "../exit-code.ts";
import { ArchiveWriter } from "./archive-writer.ts";
import { walkKept } from "./kept-files.ts";
import { FORMAT, type Manifest, names, type Part } from "./manifest.ts";
import { type NamedByApps, namedByApps } from "./named-by-apps.ts";

/** For a store that does not answer at all; its snapshot may take as long as it does. */
const ANSWER_TIMEOUT_MS = 10_000;

export interface BackupOptions {
  readonly file: string;
  /** Stores to leave out, as "APP/STORE". */
  readonly without: readonly string[];
  readonly onProgress: (part: string, bytes: number) => void;
}

export interface BackupResult {
  readonly manifest: Manifest;
  readonly bytes: number;
  /** Services whose files are not in it, as "APP/SERVICE". */
  readonly inPlace: readonly string[];
  /** Services whose images are not in it, and volumes, as "APP/NAME". */
  readonly images: readonly string[];
  readonly volumes: readonly string[];
}

/**
 * Writes all that a home is made of to one file, while it runs: first Plinth's own state, then what that names, so that
 * whatever is named is there. Each store is as of one moment after the call.
 */
export async function createBackup(context: Context, options: BackupOptions): Promise<BackupResult> {
  const { client, clock, signal } = context;
  const { file, without, onProgress } = options;
  const status = await client.status({ signal });
  const paths = homePaths(realpathSync(context.home));
  refuseOthersState(status, paths.directory);
  const named = await namedByApps(client, paths.sources, signal);
  checkLeftOut(context, without, named);
  // Asked before anything is written: one that cannot be reached is a reason not to begin.
  const urls = new Map<string, string>();
  for (const name of named.stores.filter((one) => !without.includes(one))) {
    urls.set(name, await urlOf(context, name));
  }

  await using archive = await ArchiveWriter.create(file);
  const add = async (name: string, content: AsyncIterable<Uint8Array> | Uint8Array): Promise<Part> =>
    archive.add({ name, type: "file", mode: 0o600, target: "" }, told(content, name, onProgress));
  await add(names.format, Buffer.from(`${FORMAT}\n`));
  archive.parts.pop(); // the manifest tells of what is between the format and itself
  await add(names.state, checkedSnapshot(client.state({ signal })));
  if ((await namedByApps(client, paths.sources, signal)).stamp !== named.stamp) {
    throw new Fault("conflict", "Cannot back up: apps were changed while their state was being read", {
      hint: "Run it again once nobody deploys.",
    });
  }
  for (const digest of named.sources) {
    for await (const { path, content, ...entry } of walkKept(paths.sources, digest)) {
      signal.throwIfAborted();
      await archive.add({ ...entry, name: names.sources + path }, content);
      onProgress(`${names.sources}${digest.slice(0, 12)}`, archive.bytes);
    }
  }
  await add(names.settings, await readFile(paths.settings));
  const keys = join(paths.directory, names.keys);
  for (const name of (await readdir(keys)).filter((one) => /^[a-z]+\.(key|json)$/.test(one)).sort()) {
    await add(names.keys + name, await readFile(join(keys, name)));
  }
  for (const [name, url] of urls) {
    await using store = openClient(url, { timeoutMs: ANSWER_TIMEOUT_MS });
    await store.backend.status({ signal });
    await add(`${names.stores}${name}.snapshot`, store.snapshot({ signal }));
  }
  const manifest: Manifest = {
    format: FORMAT,
    version: status.version,
    createdAt: isoTime(clock.now()),
    home: paths.directory,
    without,
    parts: [...archive.parts],
  };
  const text = Buffer.from(`${JSON.stringify(manifest)}\n`);
  await add(names.manifest, text);
  await add(names.manifestDigest, Buffer.from(`${createHash("sha256").update(text).digest("hex")}\n`));
  return {
    manifest,
    bytes: await archive.finish(),
    inPlace: named.inPlace,
    images: named.images,
    volumes: named.volumes,
  };
}

/** A home whose state is kept elsewhere has little to save, and a restored one would be of two minds. */
function refuseOthersState({ store, host }: StatusReport, home: string): void {
  if (store.etcd !== null) {
    throw new Fault("unsupported", `Cannot back up "${home}": its state is in ${store.etcd}`, {
      hint: "Save that with `plinth kv snapshot save FILE --url etcd://HOST:PORT`, and the home's keys/ with it.",
    });
  }
  if (host !== null && host.of !== null) {
    throw new Fault("unsupported", `Cannot back up "${home}": this host has joined ${host.of}`, {
      hint: "Back up the first host's home; a joined host that is lost joins again. Its stores: `plinth kv snapshot save`.",
    });
  }
}

function checkLeftOut({ words }: Context, without: readonly string[], { stores }: NamedByApps): void {
  const unknown = without.find((name) => !stores.includes(name));
  if (unknown === undefined) return;
  throw new UsageFault(`Cannot leave out "${unknown}": there is no such store`, words, {
    hint: stores.length === 0 ? "No app has one." : `The stores: ${stores.join(", ")}.`,
    mistyped: { word: unknown, among: stores },
  });
}

async function urlOf({ client, signal }: Context, name: string): Promise<string> {
  const [app = "", store = ""] = name.split("/");
  try {
    return (await client.storeAccess(app, store, { signal })).url;
  } catch (error) {
    // Not ready, or on another host.
    const isOutOfReach =
      error instanceof Fault && (error.code === "unavailable" || error.code === "unsupported");
    if (!isOutOfReach) throw error;
    throw new Fault(error.code, `Cannot back up: ${error.message}`, {
      cause: error,
      hint: `A backup without its data is made with --without ${name}.`,
    });
  }
}

async function* told(
  content: AsyncIterable<Uint8Array> | Uint8Array,
  part: string,
  onProgress: BackupOptions["onProgress"],
): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of content instanceof Uint8Array ? [content] : content) {
    yield chunk;
    bytes += chunk.length;
    onProgress(part, bytes);
  }
}
