import { createReadStream } from "node:fs";
import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { Fault } from "@plinth/fault";
import { algorithmOf, type Digest, hexOf } from "../digest.ts";
import { JsonObject } from "../json.ts";
import { MANIFEST_BYTES_MAX } from "../limits.ts";
import { type Descriptor, parseDescriptor } from "../manifest.ts";
import type { BlobContent, ImageSource, ManifestContent } from "./source.ts";

/** The image specification's own annotation: what an image in a layout is called. */
export const REF_NAME = "org.opencontainers.image.ref.name";
/** podman's and containerd's, with the whole name where `REF_NAME` has the tag. */
export const IMAGE_NAME = "io.containerd.image.name";
const READ_BYTES: number = 1 << 20;
/** A layout may keep many images. */
const INDEX_BYTES_MAX: number = 16 * 2 ** 20;

/** The files a layout consists of, in a directory or in an archive. */
export interface LayoutFiles extends AsyncDisposable {
  /** What messages call it. */
  readonly name: string;
  /** Undefined where there is none; Fault `too-large`. */
  read(path: string, bytesMax: number): Promise<Buffer | undefined>;
  /** Fault `not-found`. */
  stream(path: string, from: number): AsyncIterable<Uint8Array>;
}

/** A directory's; symlinks in it are followed, since it is the user's own. */
export function directoryFiles(directory: string): LayoutFiles {
  return {
    name: `oci:${directory}`,
    async read(path, bytesMax) {
      const full = join(directory, path);
      try {
        await using file = await open(full);
        const { size } = await file.stat();
        if (size > bytesMax) throw new Fault("too-large", `Cannot read ${full}: more than ${bytesMax} bytes`);
        return await readFile(file);
      } catch (error) {
        if (isMissing(error)) return undefined;
        throw error;
      }
    },
    async *stream(path, from) {
      const full = join(directory, path);
      try {
        yield* createReadStream(full, { start: from, highWaterMark: READ_BYTES }) as AsyncIterable<Buffer>;
      } catch (error) {
        if (isMissing(error)) throw new Fault("not-found", `Cannot read ${full}: there is no such file`);
        throw error;
      }
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** An OCI image layout; `wanted` is a ref.name in it, by default the only image. */
export function layoutSource(files: LayoutFiles, wanted: string | undefined): ImageSource {
  const blob = async (digest: Digest, what: string): Promise<Buffer> => {
    const content = await files.read(blobPath(digest), MANIFEST_BYTES_MAX);
    if (content !== undefined) return content;
    throw new Fault("not-found", `Cannot use ${files.name}: it does not have its ${what} ${digest}`, {
      hint: "The layout is not whole: copy it again.",
    });
  };
  return {
    name: files.name,
    isRemote: false,
    async manifest(digest): Promise<ManifestContent> {
      if (digest !== undefined) return { content: await blob(digest, "manifest"), mediaType: undefined };
      const index = await files.read("index.json", INDEX_BYTES_MAX);
      if (index === undefined) {
        throw new Fault("not-found", `Cannot use ${files.name}: it is no OCI layout, it has no index.json`, {
          hint: "`skopeo copy docker://NAME oci:DIRECTORY:TAG` makes one; archives are archive:FILE.",
        });
      }
      const chosen = chooseImage(JsonObject.parse(index, `index.json of ${files.name}`), files.name, wanted);
      if (chosen === "index") return { content: index, mediaType: undefined };
      return { content: await blob(chosen.digest, "manifest"), mediaType: chosen.mediaType };
    },
    blob(descriptor, from): Promise<BlobContent> {
      return Promise.resolve({ from, stream: files.stream(blobPath(descriptor.digest), from) });
    },
    [Symbol.asyncDispose]: () => files[Symbol.asyncDispose](),
  };
}

/** Every image of a layout, by the name it has there. */
export async function layoutNames(files: LayoutFiles): Promise<readonly string[]> {
  const index = await files.read("index.json", INDEX_BYTES_MAX);
  if (index === undefined) return [];
  return JsonObject.parse(index, `index.json of ${files.name}`)
    .objects("manifests")
    .flatMap((each) => {
      const name = parseDescriptor(each).annotations[REF_NAME];
      return name === undefined ? [] : [name];
    });
}

/** "index": the layout is one image for several platforms. */
function chooseImage(json: JsonObject, name: string, wanted: string | undefined): Descriptor | "index" {
  const images = json.objects("manifests").map(parseDescriptor);
  const named = images.filter(({ annotations, digest }) =>
    [annotations[REF_NAME], annotations[IMAGE_NAME], digest].includes(wanted),
  );
  const fits = wanted === undefined ? images : named;
  if (fits.length === 1) return fits[0]!;
  const names = images.flatMap(({ annotations }) => annotations[REF_NAME] ?? []);
  if (fits.length > 1) {
    const isOneImage = fits.length === images.length && new Set(names).size <= 1;
    if (isOneImage && images.every(({ platform }) => platform !== undefined)) return "index";
    throw new Fault("invalid", `Cannot choose an image of ${name}: it has ${fits.length}`, {
      hint: `Name one: ${name}:TAG. It has: ${names.join(", ")}.`,
    });
  }
  throw new Fault(
    "not-found",
    wanted === undefined
      ? `Cannot use ${name}: it has no image`
      : `Cannot use ${name}: it has no image called ${JSON.stringify(wanted)}`,
    names.length === 0 ? {} : { hint: `It has: ${names.join(", ")}.` },
  );
}

function blobPath(digest: Digest): string {
  return `blobs/${algorithmOf(digest)}/${hexOf(digest)}`;
}

function isMissing(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === "ENOENT" || code === "ENOTDIR";
}
