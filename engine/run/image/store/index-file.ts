import { readFile } from "node:fs/promises";
import { writeFileDurably } from "@plinth/file";
import { type Digest, isDigest } from "../digest.ts";
import { JsonObject } from "../json.ts";
import { type Descriptor, descriptorJson, mediaTypes, parseDescriptor } from "../manifest.ts";
import { REF_NAME } from "../source/layout.ts";

const PINNED = "dev.plinth.image.pinned";
const INDEX_DIGEST = "dev.plinth.image.index";
const AT = "dev.plinth.image.at";

/** A name in the store's index.json and what it stands for. */
export interface NamedImage {
  readonly name: string;
  /** Of the manifest. */
  readonly descriptor: Descriptor;
  readonly indexDigest: Digest | undefined;
  readonly isPinned: boolean;
  readonly at: string;
}

export async function readIndex(path: string): Promise<readonly NamedImage[]> {
  const content = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (content === undefined) return [];
  const json = JsonObject.parse(content, `the store's index ${path}`);
  return json.objects("manifests").flatMap((each) => {
    const descriptor = parseDescriptor(each);
    const { annotations } = descriptor;
    const name = annotations[REF_NAME];
    const indexDigest = annotations[INDEX_DIGEST];
    if (name === undefined) return [];
    return {
      name,
      descriptor,
      indexDigest: isDigest(indexDigest) ? indexDigest : undefined,
      // What another tool put here is a user's wish.
      isPinned: annotations[PINNED] !== "false",
      at: annotations[AT] ?? "",
    };
  });
}

export async function writeIndex(path: string, images: readonly NamedImage[]): Promise<void> {
  const manifests = images.map(({ name, descriptor, indexDigest, isPinned, at }) =>
    descriptorJson({
      ...descriptor,
      annotations: {
        [REF_NAME]: name,
        [PINNED]: String(isPinned),
        [AT]: at,
        ...(indexDigest !== undefined && { [INDEX_DIGEST]: indexDigest }),
      },
    }),
  );
  await writeFileDurably(path, JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.index, manifests }));
}
