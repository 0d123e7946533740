import { createHash } from "node:crypto";
import { Fault } from "@plinth/fault";
import { type Digest, digestOf } from "../digest.ts";
import { JsonObject } from "../json.ts";
import { CONFIG_BYTES_MAX } from "../limits.ts";
import { type Descriptor, manifestJson, mediaTypes } from "../manifest.ts";
import { type ArchiveFiles, compressionIn } from "./archive-files.ts";
import type { BlobContent, ImageSource, ManifestContent } from "./source.ts";

/** What `docker save` and `podman save` write: manifest.json, configs and layers by path. */
const MANIFEST = "manifest.json";
const MANIFEST_BYTES_MAX: number = 16 * 2 ** 20;
const MAGIC_BYTES = 4;
const layerTypes = {
  none: mediaTypes.layer,
  gzip: mediaTypes.layerGzip,
  zstd: mediaTypes.layerZstd,
} as const;

interface SavedImage {
  readonly config: string;
  readonly names: readonly string[];
  readonly layers: readonly string[];
}

export function isDockerArchive(files: ArchiveFiles): boolean {
  return files.bytesOf(MANIFEST) !== undefined;
}

/** Every image of the archive by its first name, or by its config's path where it has none. */
export async function dockerNames(files: ArchiveFiles): Promise<readonly string[]> {
  return (await savedImages(files)).map(({ names, config }) => names[0] ?? config);
}

/** An image of an archive of Docker's, given a manifest in the OCI's form: it is the same at each reading. */
export function dockerArchiveSource(files: ArchiveFiles, wanted: string | undefined): ImageSource {
  const paths = new Map<Digest, string>();
  return {
    name: files.name,
    isRemote: false,
    async manifest(): Promise<ManifestContent> {
      const saved = choose(await savedImages(files), files.name, wanted);
      const configContent = await files.read(saved.config, CONFIG_BYTES_MAX);
      if (configContent === undefined) throw missing(files.name, saved.config);
      const config = descriptor(mediaTypes.config, digestOf(configContent), configContent.length);
      paths.set(config.digest, saved.config);
      const layers: Descriptor[] = [];
      for (const path of saved.layers) {
        const layer = await layerOf(files, path);
        paths.set(layer.digest, path);
        layers.push(layer);
      }
      return { content: manifestJson(config, layers), mediaType: mediaTypes.manifest };
    },
    blob({ digest }, from): Promise<BlobContent> {
      const path = paths.get(digest);
      if (path === undefined) throw missing(files.name, digest);
      return Promise.resolve({ from, stream: files.stream(path, from) });
    },
    [Symbol.asyncDispose]: () => files[Symbol.asyncDispose](),
  };
}

async function savedImages(files: ArchiveFiles): Promise<readonly SavedImage[]> {
  const content = await files.read(MANIFEST, MANIFEST_BYTES_MAX);
  if (content === undefined) throw missing(files.name, MANIFEST);
  // The file is a list; what reads objects gets one around it.
  const wrapped = Buffer.concat([Buffer.from('{"images":'), content, Buffer.from("}")]);
  return JsonObject.parse(wrapped, `${MANIFEST} of ${files.name}`)
    .objects("images")
    .map((json) => ({
      config: json.text("Config"),
      names: json.texts("RepoTags"),
      layers: json.texts("Layers"),
    }));
}

function choose(images: readonly SavedImage[], name: string, wanted: string | undefined): SavedImage {
  const fits =
    wanted === undefined
      ? images
      : images.filter(
          ({ names, config }) => config === wanted || names.some((each) => isNamed(each, wanted)),
        );
  if (fits.length === 1) return fits[0]!;
  const names = images.map((each) => each.names[0] ?? each.config);
  throw new Fault(
    fits.length === 0 ? "not-found" : "invalid",
    `Cannot choose an image of ${name}: ${fits.length === 0 ? "none" : fits.length} fit${
      wanted === undefined ? "" : ` ${JSON.stringify(wanted)}`
    }`,
    { hint: `Name one: ${name}:NAME. It has: ${names.join(", ")}.` },
  );
}

/** "redis:7" is found under "docker.io/library/redis:7" as well. */
function isNamed(name: string, wanted: string): boolean {
  return name === wanted || name.endsWith(`/${wanted}`);
}

/** Reads the layer once for its digest, since nothing in the archive states it. */
async function layerOf(files: ArchiveFiles, path: string): Promise<Descriptor> {
  const bytes = files.bytesOf(path);
  if (bytes === undefined) throw missing(files.name, path);
  const hash = createHash("sha256");
  let start: Buffer | undefined = undefined;
  for await (const chunk of files.stream(path, 0)) {
    start ??= Buffer.from(chunk.subarray(0, MAGIC_BYTES));
    hash.update(chunk);
  }
  const type = layerTypes[compressionIn(start ?? Buffer.alloc(MAGIC_BYTES))];
  return descriptor(type, `sha256:${hash.digest("hex")}`, bytes);
}

function descriptor(mediaType: string, digest: Digest, bytes: number): Descriptor {
  return { mediaType, digest, bytes, platform: undefined, annotations: {} };
}

function missing(name: string, what: string): Fault {
  return new Fault("corrupt", `Cannot use ${name}: it has no ${what}`);
}
