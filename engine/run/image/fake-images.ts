import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { algorithmOf, type Digest, digestOf, hexOf } from "./digest.ts";
import { type Compression, type Descriptor, descriptorJson, manifestJson, mediaTypes } from "./manifest.ts";
import { REF_NAME } from "./source/layout.ts";
import { END_OF_ARCHIVE, encodeEntry } from "./tar/encode.ts";
import { paddingOf, type TarEntry } from "./tar/entry.ts";

/** Images of a test's own making. */

/** An entry of a layer; what is left out is a root's file of mode 0644 from 1970. */
export type FakeEntry = Partial<Omit<TarEntry, "xattrs">> & {
  readonly name: string;
  readonly content?: string | Buffer;
  readonly xattrs?: Readonly<Record<string, string>>;
};

export interface FakeImage {
  readonly layers: readonly (readonly FakeEntry[] | Buffer)[];
  /** What the config says of running. */
  readonly config?: Readonly<Record<string, unknown>>;
  readonly compression?: Compression;
  readonly architecture?: string;
  /** In place of the right ones. */
  readonly diffIds?: readonly string[];
}

export interface FakeBlobs {
  readonly blobs: ReadonlyMap<Digest, Buffer>;
  readonly manifest: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly config: Descriptor;
}

export function fakeTar(entries: readonly FakeEntry[]): Buffer {
  return Buffer.concat([...entries.flatMap(fakeEntry), END_OF_ARCHIVE]);
}

export function fakeEntry(fake: FakeEntry): Buffer[] {
  const { content = "", xattrs = {}, ...rest } = fake;
  const body = Buffer.from(content);
  const entry: TarEntry = {
    type: "file",
    target: "",
    mode: rest.type === "directory" ? 0o755 : 0o644,
    uid: 0,
    gid: 0,
    bytes: body.length,
    mtimeSeconds: 0,
    mtimeNanoseconds: 0,
    deviceMajor: 0,
    deviceMinor: 0,
    ...rest,
    xattrs: new Map(Object.entries(xattrs).map(([name, value]) => [name, Buffer.from(value)])),
  };
  return [encodeEntry(entry), body, Buffer.alloc(paddingOf(body.length))];
}

export function fakeImage(image: FakeImage): FakeBlobs {
  const { compression = "gzip", config = {}, architecture = hostArchitecture() } = image;
  const blobs = new Map<Digest, Buffer>();
  const keep = (mediaType: string, content: Buffer): Descriptor => {
    const digest = digestOf(content);
    blobs.set(digest, content);
    return { mediaType, digest, bytes: content.length, platform: undefined, annotations: {} };
  };
  const tars = image.layers.map((layer) => (Buffer.isBuffer(layer) ? layer : fakeTar(layer)));
  const layers = tars.map((tar) => {
    if (compression === "none") return keep(mediaTypes.layer, tar);
    return compression === "gzip"
      ? keep(mediaTypes.layerGzip, gzipSync(tar, { level: 1 }))
      : keep(mediaTypes.layerZstd, zstdCompressSync(tar));
  });
  const diffIds = image.diffIds ?? tars.map((tar) => digestOf(tar));
  const json = { os: "linux", architecture, config, rootfs: { type: "layers", diff_ids: diffIds } };
  const configBlob = keep(mediaTypes.config, Buffer.from(JSON.stringify(json)));
  const manifest = keep(mediaTypes.manifest, manifestJson(configBlob, layers));
  return { blobs, manifest, layers, config: configBlob };
}

/** Writes a layout of images by ref.name. */
export async function writeFakeLayout(
  directory: string,
  images: Readonly<Record<string, FakeBlobs>>,
): Promise<void> {
  await mkdir(join(directory, "blobs", "sha256"), { recursive: true });
  for (const { blobs } of Object.values(images)) {
    for (const [digest, content] of blobs) {
      await writeFile(join(directory, "blobs", algorithmOf(digest), hexOf(digest)), content);
    }
  }
  const manifests = Object.entries(images).map(([name, { manifest }]) =>
    descriptorJson({ ...manifest, annotations: { [REF_NAME]: name } }),
  );
  await writeFile(join(directory, "index.json"), JSON.stringify({ schemaVersion: 2, manifests }));
  await writeFile(join(directory, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
}

function hostArchitecture(): string {
  return process.arch === "x64" ? "amd64" : process.arch;
}
