import { Fault } from "@plinth/fault";
import { type Digest, digestOf } from "../digest.ts";
import { CONFIG_BYTES_MAX, LAYERS_MAX } from "../limits.ts";
import { type Descriptor, type LayerDescriptor, manifestJson, mediaTypes } from "../manifest.ts";
import { hostPlatform } from "../platform.ts";
import { layerIds } from "../store/layers.ts";
import { beginWork } from "../store/ledger.ts";
import type { StoreParts } from "../store/parts.ts";
import { nameImage, unpackImage } from "../store/pull.ts";
import type { WorkOptions } from "../store/store.ts";
import { configOf } from "./config.ts";
import { layerEntries } from "./copy.ts";
import { writeLayer } from "./layer.ts";

/** An image of files and another image. Fields that are left out are those of the base. */
export interface BuildSpec {
  /** An image of the store, or a reference to one; without it, there is nothing below the files. */
  readonly base?: string;
  /** Files and directories of the project, and where their content goes in the image. */
  readonly copy?: Readonly<Record<string, string>>;
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly workingDirectory?: string;
  readonly user?: string;
  /** Such as "80/tcp". */
  readonly ports?: readonly string[];
  readonly stopSignal?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

export interface BuildOptions extends WorkOptions {
  /** The project: what is copied lies in it. Absolute. */
  readonly directory: string;
  /** Default: the digest. */
  readonly name?: string;
  /** As with `pull`. Default true. */
  readonly pin?: boolean;
}

/** Builds into the store; gives the manifest's digest. */
export async function buildImage(
  parts: StoreParts,
  spec: BuildSpec,
  baseDigest: Digest | undefined,
  options: BuildOptions,
): Promise<Digest> {
  const { signal } = options;
  const base = baseDigest === undefined ? undefined : await parts.need(baseDigest);
  await using work = beginWork(parts.directories.work);
  if (base !== undefined) {
    const used = [
      base.digest,
      base.manifest.config.digest,
      ...base.manifest.layers.map(({ digest }) => digest),
    ];
    await parts.addWork(work, [...used, ...layerIds(base.config.diffIds)], signal);
    await unpackImage(parts, base, options);
  }
  const below = base === undefined ? [] : await parts.layers.forLookup(base.config.diffIds);
  const entries = await layerEntries(spec.copy ?? {}, options.directory, below);
  const layers: LayerDescriptor[] = [...(base?.manifest.layers ?? [])];
  const diffIds = [...(base?.config.diffIds ?? [])];
  if (entries.length > 0) {
    const spool = parts.spool();
    const layer = await writeLayer(entries, spool, signal);
    await parts.addWork(work, [layer.digest, layer.diffId], signal);
    await parts.blobs.adopt(layer.digest, spool);
    const { digest, bytes, diffId } = layer;
    layers.push({ ...descriptor(mediaTypes.layerGzip, digest, bytes), compression: "gzip" });
    diffIds.push(diffId);
  }
  if (layers.length > LAYERS_MAX) {
    throw new Fault("too-large", `Cannot build: the image would have more than ${LAYERS_MAX} layers`);
  }
  const before =
    base === undefined ? undefined : await parts.blobs.read(base.manifest.config.digest, CONFIG_BYTES_MAX);
  const config = configOf(spec, { before, platform: base?.config.platform ?? hostPlatform(), diffIds });
  return await keep(parts, config, layers, options);
}

async function keep(
  parts: StoreParts,
  content: Buffer,
  layers: readonly LayerDescriptor[],
  options: BuildOptions,
): Promise<Digest> {
  const config = descriptor(mediaTypes.config, digestOf(content), content.length);
  // What a base of Docker's calls its layers and what the OCI does is the same.
  const manifest = manifestJson(config, layers.map(inOciForm));
  const built = descriptor(mediaTypes.manifest, digestOf(manifest), manifest.length);
  await using work = beginWork(parts.directories.work);
  const used = [built.digest, config.digest, ...layers.map(({ digest }) => digest)];
  await parts.addWork(work, used, options.signal);
  await parts.blobs.write(config.digest, content);
  await parts.blobs.write(built.digest, manifest);
  const image = await parts.need(built.digest);
  await parts.addWork(work, layerIds(image.config.diffIds), options.signal);
  await unpackImage(parts, image, options);
  await nameImage(parts, built, image.config, {
    name: options.name ?? built.digest,
    indexDigest: undefined,
    isPinned: options.pin ?? true,
  });
  parts.syncLater(image.config.diffIds);
  return built.digest;
}

const ociTypes = { none: mediaTypes.layer, gzip: mediaTypes.layerGzip, zstd: mediaTypes.layerZstd } as const;

function inOciForm({ digest, bytes, compression }: LayerDescriptor): Descriptor {
  return descriptor(ociTypes[compression], digest, bytes);
}

function descriptor(mediaType: string, digest: Digest, bytes: number): Descriptor {
  return { mediaType, digest, bytes, platform: undefined, annotations: {} };
}
