import { lstat, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { type Digest, isDigest } from "../digest.ts";
import { blobsOf, type Contents } from "./contents.ts";
import type { StoreDirectories } from "./directories.ts";
import type { NamedImage } from "./index-file.ts";
import { removeTree } from "../../remove-tree.ts";
import { layerIds, type Layers } from "./layers.ts";
import { readHolds, readWork } from "./ledger.ts";
import type { Collected, CollectOptions } from "./store.ts";

interface Stays {
  readonly manifests: ReadonlySet<Digest>;
  readonly blobs: ReadonlySet<Digest>;
  /** By diffID. */
  readonly layers: ReadonlySet<Digest>;
}

export interface CollectPlan {
  readonly collected: Collected;
  /** Names that stay. */
  readonly images: readonly NamedImage[];
  readonly blobs: readonly string[];
  /** Names of directories in `layers`. */
  readonly layers: readonly string[];
  /** Parts of blobs that nobody fetches just now, and their locks. */
  readonly partials: readonly string[];
}

/** What nothing refers to. Under the store's lock: whoever brings content says so first, under the same lock. */
export async function planCollection(
  directories: StoreDirectories,
  {
    contents,
    layers,
    images,
  }: { readonly contents: Contents; readonly layers: Layers; readonly images: readonly NamedImage[] },
  options: CollectOptions,
): Promise<CollectPlan> {
  const stays = await whatStays(directories, contents, images, options.keep ?? []);
  const isKept = ({ isPinned, descriptor }: NamedImage): boolean =>
    isPinned || stays.manifests.has(descriptor.digest);
  const goingBlobs: string[] = [];
  let blobBytes = 0;
  for (const { path, digest, bytes } of await allBlobs(directories)) {
    if (digest !== undefined && stays.blobs.has(digest)) continue;
    goingBlobs.push(path);
    blobBytes += bytes;
  }
  const goingLayers = (await layers.all()).filter(
    ({ diffId }) => diffId === undefined || !stays.layers.has(diffId),
  );
  return {
    images: images.filter(isKept),
    blobs: goingBlobs,
    layers: goingLayers.map(({ name }) => name),
    partials: await idlePartials(directories, stays.blobs),
    collected: {
      images: byDigest(images.filter((image) => !isKept(image))),
      blobs: goingBlobs.length,
      layers: goingLayers.length,
      blobBytes,
      layerBytes: goingLayers.reduce((sum, { bytes }) => sum + bytes, 0),
    },
  };
}

/** Takes all of it out of its place, one rename each; `emptyTrash` may take its time. */
export async function takeOut(
  directories: StoreDirectories,
  layers: Layers,
  plan: CollectPlan,
): Promise<void> {
  for (const [index, path] of plan.blobs.entries()) {
    await rename(path, join(directories.trash, `blob-${process.pid}-${index}`));
  }
  for (const name of plan.layers) await layers.takeOut(name);
  for (const path of plan.partials) await rm(path, { force: true });
}

export async function emptyTrash(directories: StoreDirectories): Promise<void> {
  for (const name of await readdir(directories.trash))
    await removeTree(join(directories.trash, name), directories.init);
}

async function idlePartials(
  directories: StoreDirectories,
  stay: ReadonlySet<Digest>,
): Promise<readonly string[]> {
  const names = await readdir(directories.partial);
  const idle = names.filter((name) => {
    const digest = name.replace(/\.lock$/, "").replace("-", ":");
    return !isDigest(digest) || !stay.has(digest);
  });
  return idle.map((name) => join(directories.partial, name));
}

async function whatStays(
  directories: StoreDirectories,
  contents: Contents,
  images: readonly NamedImage[],
  keep: Iterable<Digest>,
): Promise<Stays> {
  const manifests = new Set<Digest>([...keep, ...(await readHolds(directories.holds))]);
  const work = await readWork(directories.work);
  const blobs = new Set<Digest>(work);
  const layers = new Set<Digest>(work);
  for (const { descriptor, isPinned } of images) if (isPinned) manifests.add(descriptor.digest);
  for (const { descriptor, indexDigest } of images) {
    if (indexDigest !== undefined && manifests.has(descriptor.digest)) blobs.add(indexDigest);
  }
  for (const manifest of manifests) {
    blobs.add(manifest);
    const image = await contents.read(manifest);
    if (image === undefined) continue; // held before it was pulled
    for (const { digest } of blobsOf(image)) blobs.add(digest);
    for (const id of layerIds(image.config.diffIds)) layers.add(id);
  }
  return { manifests, blobs, layers };
}

interface StoredBlob {
  readonly path: string;
  /** Undefined for a file that is no blob. */
  readonly digest: Digest | undefined;
  readonly bytes: number;
}

export async function allBlobs(directories: StoreDirectories): Promise<readonly StoredBlob[]> {
  const found: StoredBlob[] = [];
  for (const [algorithm, directory] of directories.blobDirectories) {
    for (const name of await readdir(directory)) {
      const path = join(directory, name);
      const digest = `${algorithm}:${name}`;
      const stats = await lstat(path).catch(() => undefined);
      if (stats === undefined || name.endsWith(".tmp")) continue; // another process is writing it
      found.push({ path, digest: isDigest(digest) ? digest : undefined, bytes: stats.size });
    }
  }
  return found;
}

function byDigest(images: readonly NamedImage[]): Collected["images"] {
  const names = new Map<Digest, string[]>();
  for (const { name, descriptor } of images) {
    names.set(descriptor.digest, [...(names.get(descriptor.digest) ?? []), name]);
  }
  return [...names].map(([digest, each]) => ({ digest, names: each }));
}

/** Bytes of downloads that were broken off. */
export async function partialBytes(directories: StoreDirectories): Promise<number> {
  let bytes = 0;
  for (const name of await readdir(directories.partial)) {
    bytes += (await lstat(join(directories.partial, name)).catch(() => undefined))?.size ?? 0;
  }
  return bytes;
}
