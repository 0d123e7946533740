import { Fault } from "@plinth/fault";
import { type Digest, parseDigest } from "./digest.ts";
import { JsonObject } from "./json.ts";
import {
  CONFIG_BYTES_MAX,
  INDEX_MANIFESTS_MAX,
  LAYER_BYTES_MAX,
  LAYERS_MAX,
  MANIFEST_BYTES_MAX,
} from "./limits.ts";

/** Manifests, indexes and descriptors by the OCI image specification 1.1, and Docker's schema 2, which says the same. */

export const mediaTypes = {
  manifest: "application/vnd.oci.image.manifest.v1+json",
  index: "application/vnd.oci.image.index.v1+json",
  config: "application/vnd.oci.image.config.v1+json",
  layer: "application/vnd.oci.image.layer.v1.tar",
  layerGzip: "application/vnd.oci.image.layer.v1.tar+gzip",
  layerZstd: "application/vnd.oci.image.layer.v1.tar+zstd",
  dockerManifest: "application/vnd.docker.distribution.manifest.v2+json",
  dockerList: "application/vnd.docker.distribution.manifest.list.v2+json",
  dockerConfig: "application/vnd.docker.container.image.v1+json",
  dockerLayer: "application/vnd.docker.image.rootfs.diff.tar",
  dockerLayerGzip: "application/vnd.docker.image.rootfs.diff.tar.gzip",
} as const;

export type Compression = "none" | "gzip" | "zstd";

const compressions: Readonly<Record<string, Compression>> = {
  [mediaTypes.layer]: "none",
  [mediaTypes.layerGzip]: "gzip",
  [mediaTypes.layerZstd]: "zstd",
  [mediaTypes.dockerLayer]: "none",
  [mediaTypes.dockerLayerGzip]: "gzip",
  "application/vnd.docker.image.rootfs.diff.tar.zstd": "zstd",
  // Deprecated, still in older images: the same content.
  "application/vnd.oci.image.layer.nondistributable.v1.tar": "none",
  "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip": "gzip",
  "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd": "zstd",
};
const configTypes: ReadonlySet<string> = new Set([mediaTypes.config, mediaTypes.dockerConfig]);
const manifestTypes: readonly string[] = [mediaTypes.manifest, mediaTypes.dockerManifest];
const indexTypes: readonly string[] = [mediaTypes.index, mediaTypes.dockerList];
const schema1Types: readonly string[] = [
  "application/vnd.docker.distribution.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.v1+prettyjws",
];

/** What to ask a registry for. */
export const manifestAccept: string = [...manifestTypes, ...indexTypes].join(", ");

export interface Platform {
  /** Go's names: "linux". */
  readonly os: string;
  /** Go's names: "amd64", "arm64". */
  readonly architecture: string;
  readonly variant: string | undefined;
}

export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly bytes: number;
  readonly platform: Platform | undefined;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface LayerDescriptor extends Descriptor {
  readonly compression: Compression;
}

export interface Manifest {
  readonly kind: "manifest";
  readonly mediaType: string;
  readonly config: Descriptor;
  /** Lowest first. */
  readonly layers: readonly LayerDescriptor[];
  readonly annotations: Readonly<Record<string, string>>;
}

export interface Index {
  readonly kind: "index";
  readonly mediaType: string;
  readonly manifests: readonly Descriptor[];
}

/**
 * Reads a manifest or an index. `where` is what messages call it. `contentType` is what its server or descriptor says it
 * is: one that says otherwise itself is refused, since two readers could take it for two things.
 */
export function parseManifest(
  content: Uint8Array,
  where: string,
  contentType: string | undefined,
): Manifest | Index {
  if (content.length > MANIFEST_BYTES_MAX) throw tooLarge(where, content.length, MANIFEST_BYTES_MAX);
  const json = JsonObject.parse(content, where);
  const own = json.optionalText("mediaType");
  const told = known(contentType) ? contentType : undefined;
  const mediaType = own ?? told ?? (json.has("manifests") ? mediaTypes.index : mediaTypes.manifest);
  if (schema1Types.includes(mediaType) || json.optionalNumber("schemaVersion") === 1) {
    throw new Fault("unsupported", `Cannot use ${where}: it has Docker's schema 1, which no hash protects`, {
      hint: "Push the image again with a current tool; registries gave schema 1 up in 2019.",
    });
  }
  if (told !== undefined && told !== mediaType) {
    throw new Fault("corrupt", `Cannot use ${where}: it is served as ${told}, and says itself ${mediaType}`);
  }
  if (json.has("manifests") && json.has("layers")) {
    throw new Fault("corrupt", `Cannot use ${where}: it is a manifest and an index at once`);
  }
  if (json.optionalNumber("schemaVersion") !== 2) {
    throw new Fault("unsupported", `Cannot use ${where}: its schemaVersion is not 2`);
  }
  if (indexTypes.includes(mediaType)) return parseIndex(json, mediaType);
  if (manifestTypes.includes(mediaType)) return parseImageManifest(json, mediaType);
  throw new Fault("unsupported", `Cannot use ${where}: ${JSON.stringify(mediaType)} is no image`, {
    hint: "Only images run; registries keep charts, signatures and other things as well.",
  });
}

/** Descriptor of what a layout, an index or a manifest names. */
export function parseDescriptor(json: JsonObject): Descriptor {
  const platform = json.optionalObject("platform");
  return {
    mediaType: json.text("mediaType"),
    digest: parseDigest(json.raw("digest"), json.where),
    bytes: json.count("size"),
    platform:
      platform === undefined
        ? undefined
        : {
            os: platform.text("os"),
            architecture: platform.text("architecture"),
            variant: platform.optionalText("variant"),
          },
    annotations: json.textMap("annotations"),
  };
}

/** The form that is written into manifests and indexes. */
export function descriptorJson(descriptor: Descriptor): Readonly<Record<string, unknown>> {
  const { mediaType, digest, bytes, platform, annotations } = descriptor;
  return {
    mediaType,
    digest,
    size: bytes,
    ...(platform !== undefined && {
      platform: {
        architecture: platform.architecture,
        os: platform.os,
        ...(platform.variant !== undefined && { variant: platform.variant }),
      },
    }),
    ...(Object.keys(annotations).length > 0 && { annotations }),
  };
}

/** A manifest in the OCI's form: what archives without one get, and what is built. */
export function manifestJson(config: Descriptor, layers: readonly Descriptor[]): Buffer {
  return Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: mediaTypes.manifest,
      config: descriptorJson(config),
      layers: layers.map(descriptorJson),
    }),
  );
}

function parseIndex(json: JsonObject, mediaType: string): Index {
  const manifests = json.objects("manifests");
  if (manifests.length > INDEX_MANIFESTS_MAX) {
    throw new Fault(
      "too-large",
      `Cannot use ${json.where}: it names more than ${INDEX_MANIFESTS_MAX} manifests`,
    );
  }
  return { kind: "index", mediaType, manifests: manifests.map(parseDescriptor) };
}

function parseImageManifest(json: JsonObject, mediaType: string): Manifest {
  const config = parseDescriptor(json.object("config"));
  if (!configTypes.has(config.mediaType)) {
    throw new Fault(
      "unsupported",
      `Cannot use ${json.where}: ${JSON.stringify(config.mediaType)} is no image`,
      {
        hint: "Only images run; registries keep charts, signatures and other things as well.",
      },
    );
  }
  if (config.bytes > CONFIG_BYTES_MAX)
    throw tooLarge(`the config in ${json.where}`, config.bytes, CONFIG_BYTES_MAX);
  const layers = json.objects("layers").map((layer) => parseLayer(layer));
  if (layers.length > LAYERS_MAX) {
    throw new Fault(
      "too-large",
      `Cannot use ${json.where}: it has ${layers.length} layers, more than ${LAYERS_MAX}`,
      {
        hint: "Build it anew with fewer steps, or squash it.",
      },
    );
  }
  return { kind: "manifest", mediaType, config, layers, annotations: json.textMap("annotations") };
}

function parseLayer(json: JsonObject): LayerDescriptor {
  const descriptor = parseDescriptor(json);
  const compression = compressions[descriptor.mediaType];
  if (compression === undefined) {
    throw new Fault(
      "unsupported",
      `Cannot use ${json.where}: a layer of type ${JSON.stringify(descriptor.mediaType)} cannot be unpacked`,
      { hint: "Layers are tar files, as they are or compressed with gzip or zstd; none is encrypted." },
    );
  }
  if (descriptor.bytes > LAYER_BYTES_MAX) throw tooLarge(json.where, descriptor.bytes, LAYER_BYTES_MAX);
  return { ...descriptor, compression };
}

function known(contentType: string | undefined): contentType is string {
  return (
    contentType !== undefined && [...manifestTypes, ...indexTypes, ...schema1Types].includes(contentType)
  );
}

function tooLarge(what: string, bytes: number, bytesMax: number): Fault {
  return new Fault("too-large", `Cannot use ${what}: ${bytes} bytes, more than ${bytesMax}`);
}
