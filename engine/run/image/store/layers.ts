import { lstat, mkdir, readdir, readFile, readlink, rename, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Clock } from "@plinth/clock";
import { Fault } from "@plinth/fault";
import { bootId } from "@plinth/process";
import { algorithmOf, type Digest, digestOf, hexOf, isDigest } from "../digest.ts";
import { JsonObject } from "../json.ts";
import type { LayerSummary } from "../unpack/layer-writer.ts";
import type { Rights } from "../unpack/rights.ts";
import { syncFileSystem } from "../unpack/sync.ts";
import { unpackAll } from "../unpack/unpack-all.ts";
import type { LayerFile } from "../unpack/unpack-layers.ts";
import { containerIdOf } from "../../container/id-maps.ts";
import { removeTree } from "../../remove-tree.ts";
import type { StoreDirectories } from "./directories.ts";
import { findAsIs, type LookupLayer, type Owner } from "./layered-file.ts";
import { lockFile } from "./lock.ts";
import type { MountPlan } from "./store.ts";

/** What is known of an unpacked layer. Paths are latin1, a character per byte. */
export interface LayerRecord extends LayerSummary {
  readonly diffId: Digest;
}

interface KeptRecord extends LayerRecord {
  /** The boot it was unpacked in: until the disk has all of it, a power failure leaves no more than names. */
  readonly unsyncedSince: string | undefined;
}

export interface UnpackOptions {
  readonly signal: AbortSignal | undefined;
  readonly onRead: (digest: Digest, bytes: number) => void;
}

/** Something to unpack: a layer by its diffID, or all of an image by `mergedId`. */
interface LayerTask {
  readonly id: Digest;
  readonly layers: readonly LayerFile[];
  readonly whiteouts: "overlay" | "apply";
}

const RECORD = "layer.json";
const CONTENT = "fs";
/** Of the digest, in names for overlayfs: 127 of them take half of the page that its options may have. */
const LINK_DIGITS = 16;
/** A name beside the links, for images without layers: overlayfs wants one. */
const EMPTY_LAYER = "empty";

/**
 * Layers unpacked once each, by the digest of their tar file, for all images. A layer is in its place whole or not at
 * all. What an ordinary user unpacks belongs to that user, so it is another thing than what root does.
 */
export class Layers {
  readonly #directories: StoreDirectories;
  readonly #clock: Clock;
  readonly rights: Rights;
  readonly #records: Map<Digest, LayerRecord> = new Map();
  /** By `mergedId`: whether the layers, one upon the other, are the image. */
  readonly #standAlone: Map<Digest, boolean> = new Map();

  constructor(directories: StoreDirectories, clock: Clock, rights: Rights) {
    this.rights = rights;
    this.#directories = directories;
    this.#clock = clock;
  }

  contentPath(diffId: Digest): string {
    return join(this.#directories.layers, this.#key(diffId), CONTENT);
  }

  /** What to mount for layers that are ready; `diffIds` are lowest first. */
  async mountPlan(diffIds: readonly Digest[]): Promise<MountPlan> {
    const { links: directory } = this.#directories;
    const { overlayXattrs: xattrs } = this.rights;
    const merged = mergedId(diffIds);
    // overlayfs takes no directory twice. A layer's upper occurrence hides all that its lower one could show.
    const topFirst = this.#standAlone.get(merged) === false ? [merged] : [...new Set([...diffIds].reverse())];
    if (topFirst.length > 0)
      return { directory, lowerdirs: topFirst.map((each) => this.#linkName(each)), xattrs };
    await mkdir(join(directory, EMPTY_LAYER), { recursive: true, mode: 0o755 });
    return { directory, lowerdirs: [EMPTY_LAYER], xattrs };
  }

  /** Layers that are ready as files are looked up in them, topmost first. */
  async forLookup(diffIds: readonly Digest[]): Promise<readonly LookupLayer[]> {
    const merged = mergedId(diffIds);
    return await this.#stack(this.#standAlone.get(merged) === false ? [merged] : diffIds);
  }

  /** Whether `makeReady` has nothing to do. */
  async isReady(diffIds: readonly Digest[]): Promise<boolean> {
    const merged = mergedId(diffIds);
    const isAlone = this.#standAlone.get(merged);
    if (isAlone === undefined) return false;
    const records = await Promise.all((isAlone ? diffIds : [merged]).map((each) => this.record(each)));
    return records.every((record) => record !== undefined);
  }

  async #stack(ids: readonly Digest[]): Promise<readonly LookupLayer[]> {
    const layers = await Promise.all(
      ids.map(async (id) => {
        const record = await this.record(id);
        if (record === undefined)
          throw new Fault("not-found", `Cannot look into layer ${id}: it is not unpacked`);
        const { opaque, implicit, hiding } = record;
        const ownerIn = (owner: Owner): Owner => this.#ownerIn(owner);
        return { content: this.contentPath(id), opaque: new Set(opaque), implicit, hiding, ownerIn };
      }),
    );
    return layers.reverse();
  }

  #ownerIn(onDisk: Owner): Owner {
    const { owner, maps } = this.rights;
    if (owner !== undefined) return onDisk;
    // What an ordinary user has unpacked without further ids is that user's, and root's for all that is known.
    return {
      uid: (maps && containerIdOf(onDisk.uid, maps.uid)) ?? 0,
      gid: (maps && containerIdOf(onDisk.gid, maps.gid)) ?? 0,
    };
  }

  #linkName(diffId: Digest): string {
    return `${hexOf(diffId).slice(0, LINK_DIGITS)}${this.#suffix}`;
  }

  /** Undefined where it is not here, or a power failure may have taken of it. */
  async record(diffId: Digest): Promise<LayerRecord | undefined> {
    const known = this.#records.get(diffId);
    if (known !== undefined && (await isThere(this.contentPath(diffId)))) return known;
    const kept = await this.#read(diffId);
    if (kept === undefined) {
      this.#records.delete(diffId);
      return undefined;
    }
    this.#records.set(diffId, kept);
    return kept;
  }

  /** Has all that `mountPlan` and `forLookup` need for an image's layers, lowest first: what is not here is unpacked. */
  async makeReady(layers: readonly LayerFile[], options: UnpackOptions): Promise<void> {
    await this.#unpack(layers, options);
    const diffIds = layers.map(({ diffId }) => diffId);
    const merged = mergedId(diffIds);
    let isAlone = this.#standAlone.get(merged);
    isAlone ??= await doStandAlone(await this.#stack(diffIds)).catch(closed);
    this.#standAlone.set(merged, isAlone);
    if (!isAlone) await this.#unpackTasks([{ id: merged, layers, whiteouts: "apply" }], options);
  }

  /** Unpacks those that are not here, several at once. All that is done before a failure stays. */
  async #unpack(layers: readonly LayerFile[], options: UnpackOptions): Promise<void> {
    const tasks = layers.map((layer) => ({
      id: layer.diffId,
      layers: [layer],
      whiteouts: "overlay" as const,
    }));
    await this.#unpackTasks(tasks, options);
  }

  async #unpackTasks(tasks: readonly LayerTask[], { signal, onRead }: UnpackOptions): Promise<void> {
    if ((await this.#missing(tasks)).length === 0) return;
    using _lock = await lockFile(join(this.#directories.locks, "unpack"), { clock: this.#clock, signal });
    // Whoever had the lock may have done it.
    const missing = await this.#missing(tasks);
    const ids = new Map<string, Digest>();
    try {
      const work = [];
      for (const { id, layers, whiteouts } of missing) {
        const directory = join(this.#directories.staging, this.#key(id));
        await removeTree(directory, this.#directories.init); // what a crash left
        const root = join(directory, CONTENT);
        await mkdir(root, { recursive: true, mode: 0o700 });
        ids.set(root, id);
        work.push({ root, rights: this.rights, layers, whiteouts });
      }
      await unpackAll(work, {
        initDirectory: this.#directories.init,
        signal,
        onRead,
        onDone: ({ root }, summary) => this.#publish(ids.get(root)!, summary),
      });
    } finally {
      for (const root of ids.keys()) await removeTree(dirname(root), this.#directories.init);
    }
  }

  /** Makes the disk have all of what was unpacked. May be left out: then it is unpacked anew after a power failure. */
  async sync(diffIds: readonly Digest[]): Promise<void> {
    const unsynced: KeptRecord[] = [];
    for (const diffId of diffIds) {
      const kept = await this.#read(diffId);
      if (kept?.unsyncedSince !== undefined) unsynced.push(kept);
    }
    if (unsynced.length === 0) return;
    await syncFileSystem(this.#directories.layers, this.#directories.init);
    for (const kept of unsynced)
      await this.#write(join(this.#directories.layers, this.#key(kept.diffId)), {
        ...kept,
        unsyncedSince: undefined,
      });
  }

  /** All that are here, for `collect`: by name in `layers`, with the diffID. */
  async all(): Promise<
    readonly { readonly name: string; readonly diffId: Digest | undefined; readonly bytes: number }[]
  > {
    const names = await readdir(this.#directories.layers);
    return Promise.all(
      names.map(async (name) => {
        const kept = await readRecord(join(this.#directories.layers, name, RECORD));
        return { name, diffId: kept?.diffId, bytes: kept?.bytes ?? 0 };
      }),
    );
  }

  /** Takes a layer out of its place; what is at the path given back is to be removed. Under the store's lock. */
  async takeOut(name: string): Promise<string> {
    for (const link of await readdir(this.#directories.links)) {
      if (link === EMPTY_LAYER) continue;
      const path = join(this.#directories.links, link);
      if ((await readlink(path)) === linkTarget(name)) await rm(path);
    }
    const place = join(this.#directories.trash, `${name}-${this.#clock.now()}`);
    await rename(join(this.#directories.layers, name), place);
    this.#records.clear();
    return place;
  }

  async #missing(tasks: readonly LayerTask[]): Promise<LayerTask[]> {
    const missing = new Map<Digest, LayerTask>();
    for (const task of tasks) if ((await this.record(task.id)) === undefined) missing.set(task.id, task);
    return [...missing.values()];
  }

  async #publish(diffId: Digest, summary: LayerSummary): Promise<void> {
    const key = this.#key(diffId);
    const staged = join(this.#directories.staging, key);
    const place = join(this.#directories.layers, key);
    await this.#write(staged, { ...summary, diffId, unsyncedSince: bootId() });
    // Before the layer is in its place: a crash in between leaves a link to nothing, not a layer without a link.
    await this.#link(diffId, key);
    // One from before a power failure may be in the way.
    const old = join(this.#directories.trash, `${key}-${this.#clock.now()}`);
    await rename(place, old).catch(ignoring("ENOENT"));
    await rename(staged, place);
  }

  async #link(diffId: Digest, key: string): Promise<void> {
    const path = join(this.#directories.links, this.#linkName(diffId));
    const target = linkTarget(key);
    await symlink(target, path).catch(ignoring("EEXIST"));
    if ((await readlink(path)) === target) return;
    throw new Fault("conflict", `Cannot unpack layer ${diffId}: another layer's digest begins alike`);
  }

  async #read(diffId: Digest): Promise<KeptRecord | undefined> {
    const kept = await readRecord(join(this.#directories.layers, this.#key(diffId), RECORD));
    const isWhole = kept?.unsyncedSince === undefined || kept.unsyncedSince === bootId();
    return isWhole ? kept : undefined;
  }

  async #write(directory: string, record: KeptRecord): Promise<void> {
    const path = join(directory, RECORD);
    await writeFile(`${path}.new`, JSON.stringify(record), { mode: 0o600 });
    await rename(`${path}.new`, path);
  }

  #key(diffId: Digest): string {
    return `${algorithmOf(diffId) === "sha256" ? "" : "sha512-"}${hexOf(diffId)}${this.#suffix}`;
  }

  get #suffix(): string {
    const { owner, maps } = this.rights;
    if (owner !== undefined) return "";
    // Owners are what the ids were when it was unpacked: with others it is unpacked anew.
    return maps === undefined ? "-own" : `-${hexOf(digestOf(Buffer.from(JSON.stringify(maps)))).slice(0, 8)}`;
  }
}

/** What all layers of an image, merged into one, are kept under. */
function mergedId(diffIds: readonly Digest[]): Digest {
  return digestOf(Buffer.from(`merged ${diffIds.join(" ")}`));
}

/** What an image's layers may be kept under, for those who must not lose them. */
export function layerIds(diffIds: readonly Digest[]): readonly Digest[] {
  return [...diffIds, mergedId(diffIds)];
}

/** A directory of a subordinate id may be closed to us: layers that cannot be looked at are merged. */
function closed(error: unknown): false {
  if (error instanceof Fault && error.code === "forbidden") return false;
  throw error;
}

/**
 * Whether layers unpacked each for itself make the image. A layer may put files into a directory without an entry for
 * it: unpacked alone, that directory has attributes of nobody's, or stands where lower layers have a symlink to another.
 * And overlayfs lists a whiteout as a file where no lower layer has the directory that it is in.
 */
async function doStandAlone(topFirst: readonly LookupLayer[]): Promise<boolean> {
  for (const [index, layer] of topFirst.entries()) {
    for (const path of layer.implicit) {
      const lower = await findAsIs(topFirst.slice(index + 1), path.split("/"));
      if (lower === undefined) {
        // The directory is there for marks only, which hide nothing.
        if (layer.opaque.has(path)) return false;
        continue;
      }
      // An entry that came later may have put something else in its place.
      const own = (await findAsIs([layer], path.split("/")))?.stats;
      const { mode, uid, gid } = lower.stats;
      if (own?.mode !== mode || own.uid !== uid || own.gid !== gid) return false;
    }
    for (const path of layer.hiding) {
      const lower = await findAsIs(topFirst.slice(index + 1), path === "" ? [] : path.split("/"));
      if (lower?.stats.isDirectory() !== true) return false;
    }
  }
  return true;
}

async function isThere(path: string): Promise<boolean> {
  return (await lstat(path).catch(ignoring("ENOENT"))) !== undefined;
}

function linkTarget(key: string): string {
  return join("..", "layers", key, CONTENT);
}

async function readRecord(path: string): Promise<KeptRecord | undefined> {
  const content = await readFile(path).catch(ignoring("ENOENT", "ENOTDIR"));
  if (content === undefined) return undefined;
  const json = JsonObject.parse(content, path);
  const diffId = json.raw("diffId");
  if (!isDigest(diffId)) return undefined;
  const notices = json.raw("notices");
  return {
    diffId,
    entries: json.count("entries"),
    bytes: json.count("bytes"),
    implicit: json.texts("implicit"),
    opaque: json.texts("opaque"),
    hiding: json.texts("hiding"),
    notices: typeof notices === "object" ? (notices as Readonly<Record<string, number>>) : {},
    unsyncedSince: json.optionalText("unsyncedSince"),
  };
}

function ignoring(...codes: string[]): (error: NodeJS.ErrnoException) => undefined {
  return (error) => {
    if (!codes.includes(error.code ?? "")) throw error;
  };
}
