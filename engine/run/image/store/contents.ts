import { type Digest, shortDigest } from "../digest.ts";
import { type ImageConfig, parseImageConfig } from "../image-config.ts";
import { CONFIG_BYTES_MAX, MANIFEST_BYTES_MAX } from "../limits.ts";
import { type Descriptor, type Manifest, parseManifest } from "../manifest.ts";
import type { LayerFile } from "../unpack/unpack-layers.ts";
import { Fault } from "@plinth/fault";
import type { Blobs } from "./blobs.ts";

/** A manifest and its config, as their blobs say. */
export interface ImageContents {
  readonly digest: Digest;
  readonly manifest: Manifest;
  readonly manifestBytes: number;
  readonly config: ImageConfig;
}

/** A daemon's images are few, and each start of an instance asks. */
const KEPT_MAX = 256;

/** Reads images from blobs; what a digest stands for never changes, so it is read and checked once. */
export class Contents {
  readonly #blobs: Blobs;
  readonly #known: Map<Digest, ImageContents> = new Map();

  constructor(blobs: Blobs) {
    this.#blobs = blobs;
  }

  /** Undefined where the manifest or its config is not here. */
  async read(digest: Digest): Promise<ImageContents | undefined> {
    const known = this.#known.get(digest);
    if (known !== undefined) return (await this.#blobs.bytesOf(digest)) === undefined ? undefined : known;
    const content = await this.#blobs.read(digest, MANIFEST_BYTES_MAX);
    if (content === undefined) return undefined;
    const manifest = parseManifest(content, `manifest ${digest}`, undefined);
    if (manifest.kind === "index") return undefined;
    const configContent = await this.#blobs.read(manifest.config.digest, CONFIG_BYTES_MAX);
    if (configContent === undefined) return undefined;
    const config = parseImageConfig(configContent, `the config of image ${shortDigest(digest)}`);
    const contents = checked({ digest, manifest, manifestBytes: content.length, config });
    if (this.#known.size >= KEPT_MAX) this.#known.clear();
    this.#known.set(digest, contents);
    return contents;
  }

  /** What unpacking needs to know of the layers, lowest first. */
  layerFiles({ manifest, config }: ImageContents): readonly LayerFile[] {
    return manifest.layers.map(({ digest, bytes, compression }, index) => ({
      path: this.#blobs.path(digest),
      compression,
      bytes,
      digest,
      diffId: config.diffIds[index]!,
    }));
  }
}

/** Everything that an image consists of, but its layers unpacked. */
export function blobsOf({ manifest }: ImageContents): readonly Descriptor[] {
  return [manifest.config, ...manifest.layers];
}

function checked(contents: ImageContents): ImageContents {
  const { manifest, config, digest } = contents;
  if (manifest.layers.length === config.diffIds.length) return contents;
  throw new Fault(
    "corrupt",
    `Cannot use image ${digest}: it has ${manifest.layers.length} layers, and its config names ${config.diffIds.length}`,
  );
}
