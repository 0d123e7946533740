import { createReadStream } from "node:fs";
import { type Descriptor, descriptorJson, mediaTypes } from "../manifest.ts";
import { IMAGE_NAME, REF_NAME } from "../source/layout.ts";
import { END_OF_ARCHIVE, encodeEntry } from "../tar/encode.ts";
import { fileEntry, paddingOf } from "../tar/entry.ts";
import { algorithmOf, type Digest, hexOf } from "../digest.ts";
import { blobsOf, type ImageContents } from "./contents.ts";
import type { Blobs } from "./blobs.ts";

const READ_BYTES: number = 1 << 20;

/**
 * An image as an OCI archive, with the file that older tools look for in Docker's. The same image and name give the same
 * bytes. Its blobs must stay while it is read.
 */
export async function* exportImage(
  blobs: Blobs,
  image: ImageContents,
  name: string | undefined,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  yield* smallFile("oci-layout", '{"imageLayoutVersion":"1.0.0"}');
  yield* smallFile("index.json", indexJson(image, name));
  yield* smallFile("manifest.json", dockerManifest(image, name));
  const written = new Set<Digest>();
  const manifest = { digest: image.digest, bytes: image.manifestBytes };
  for (const { digest, bytes } of [manifest, ...blobsOf(image)]) {
    signal?.throwIfAborted();
    if (written.has(digest)) continue;
    written.add(digest);
    yield encodeEntry(fileEntry(blobPath(digest), { bytes, mtimeSeconds: 0 }));
    const stream = createReadStream(blobs.path(digest), { highWaterMark: READ_BYTES });
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      signal?.throwIfAborted();
      yield chunk;
    }
    yield Buffer.alloc(paddingOf(bytes));
  }
  yield END_OF_ARCHIVE;
}

function indexJson(
  { digest, manifest, manifestBytes, config }: ImageContents,
  name: string | undefined,
): string {
  const descriptor: Descriptor = {
    mediaType: manifest.mediaType,
    digest,
    bytes: manifestBytes,
    platform: config.platform,
    annotations: name === undefined ? {} : { [REF_NAME]: name, [IMAGE_NAME]: name },
  };
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: mediaTypes.index,
    manifests: [descriptorJson(descriptor)],
  });
}

function dockerManifest({ manifest }: ImageContents, name: string | undefined): string {
  return JSON.stringify([
    {
      Config: blobPath(manifest.config.digest),
      RepoTags: name === undefined ? null : [name],
      Layers: manifest.layers.map(({ digest }) => blobPath(digest)),
    },
  ]);
}

function* smallFile(name: string, content: string): Generator<Buffer> {
  const bytes = Buffer.from(content);
  yield encodeEntry(fileEntry(name, { bytes: bytes.length, mtimeSeconds: 0 }));
  yield bytes;
  yield Buffer.alloc(paddingOf(bytes.length));
}

function blobPath(digest: Digest): string {
  return `blobs/${algorithmOf(digest)}/${hexOf(digest)}`;
}
