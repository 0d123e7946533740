import { isoTime } from "@plinth/clock";
import type { Digest } from "../digest.ts";
import type { ImageConfig } from "../image-config.ts";
import type { Descriptor, Platform } from "../manifest.ts";
import type { ImageSource } from "../source/source.ts";
import type { ImageContents } from "./contents.ts";
import { checkPlatform, findManifest } from "./fetch-image.ts";
import { type NamedImage, readIndex, writeIndex } from "./index-file.ts";
import { layerIds } from "./layers.ts";
import { beginWork } from "./ledger.ts";
import type { StoreParts } from "./parts.ts";
import type { PullOptions, WorkOptions } from "./store.ts";

/** Blobs fetched at once: registries throttle those who ask for more. */
const FETCHES_AT_ONCE = 4;

export interface PullFromOptions extends Omit<PullOptions, "name"> {
  /** Default: the digest. */
  readonly name: string | undefined;
  readonly platform: Platform;
  /** Of the manifest or index; by default what the source has under its name. */
  readonly digest: Digest | undefined;
}

/** Brings an image of a source here, and names it last: a name always leads to a whole image. Gives its digest. */
export async function pullFrom(
  parts: StoreParts,
  source: ImageSource,
  options: PullFromOptions,
): Promise<Digest> {
  const { blobs } = parts;
  const { platform, signal, onProgress } = options;
  const { descriptor, content, manifest, index } = await findManifest(
    source,
    options.digest,
    platform,
    signal,
  );
  await using work = beginWork(parts.directories.work);
  const own = [descriptor.digest, ...(index === undefined ? [] : [index.digest])];
  const layerDigests = manifest.layers.map(({ digest }) => digest);
  await parts.addWork(work, [...own, manifest.config.digest, ...layerDigests], signal);
  onProgress?.({ kind: "layers", layers: manifest.layers.map(({ digest, bytes }) => ({ digest, bytes })) });
  await blobs.fetch(manifest.config, source, { signal });
  await blobs.write(descriptor.digest, content);
  if (index !== undefined) await blobs.write(index.digest, index.content);
  const image = await parts.need(descriptor.digest);
  checkPlatform(image.config, platform, source.name);
  await parts.addWork(work, layerIds(image.config.diffIds), signal);
  const wereThere = await fetchLayers(parts, image, source, options);
  if (options.unpack !== false) await unpackImage(parts, image, options);
  for (const digest of layerDigests) {
    onProgress?.({ kind: "done", digest, wasThere: wereThere.has(digest) });
  }
  await nameImage(parts, descriptor, image.config, {
    name: options.name ?? descriptor.digest,
    indexDigest: index?.digest,
    isPinned: options.pin ?? true,
  });
  parts.syncLater(image.config.diffIds);
  return descriptor.digest;
}

/** Makes an image's layers ready to be mounted. */
export async function unpackImage(
  { layers, contents }: StoreParts,
  image: ImageContents,
  { signal, onProgress }: WorkOptions,
): Promise<void> {
  const sizes = new Map(image.manifest.layers.map(({ digest, bytes }) => [digest, bytes]));
  await layers.makeReady(contents.layerFiles(image), {
    signal,
    onRead: (digest, bytes) =>
      onProgress?.({ kind: "unpack", digest, bytes, bytesTotal: sizes.get(digest)! }),
  });
}

/** Gives a name to an image that is whole. */
export async function nameImage(
  parts: StoreParts,
  descriptor: Descriptor,
  { platform }: ImageConfig,
  given: Pick<NamedImage, "name" | "indexDigest" | "isPinned">,
): Promise<void> {
  using _lock = await parts.lock(undefined);
  const named = await readIndex(parts.directories.index);
  const before = named.find(({ name }) => name === given.name);
  if (before?.descriptor.digest === descriptor.digest && (before.isPinned || !given.isPinned)) return;
  const entry: NamedImage = {
    ...given,
    descriptor: { ...descriptor, platform },
    // A user's wish for a name outlasts a daemon's use of it.
    isPinned: given.isPinned || before?.isPinned === true,
    at: isoTime(parts.clock.now()),
  };
  await writeIndex(parts.directories.index, [...named.filter((each) => each !== before), entry]);
}

/** Digests of layers that were here. */
async function fetchLayers(
  { blobs }: StoreParts,
  { manifest }: ImageContents,
  source: ImageSource,
  options: WorkOptions,
): Promise<ReadonlySet<Digest>> {
  const { onProgress } = options;
  const wereThere = new Set<Digest>();
  const over = new AbortController();
  const signal = options.signal === undefined ? over.signal : AbortSignal.any([options.signal, over.signal]);
  const left = [...new Map(manifest.layers.map((each) => [each.digest, each])).values()].reverse();
  const fetchSome = async (): Promise<void> => {
    for (let layer = left.pop(); layer !== undefined; layer = left.pop()) {
      const { digest, bytes: bytesTotal } = layer;
      const onBytes = (bytes: number): void => onProgress?.({ kind: "download", digest, bytes, bytesTotal });
      if (await blobs.fetch(layer, source, { signal, onBytes })) wereThere.add(digest);
    }
  };
  const running = Array.from({ length: Math.min(FETCHES_AT_ONCE, left.length) }, fetchSome);
  // The first failure ends the others; it is what is told.
  for (const each of running) each.catch((error: unknown) => over.abort(error));
  await Promise.allSettled(running);
  signal.throwIfAborted();
  return wereThere;
}
