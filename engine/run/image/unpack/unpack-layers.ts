import { Fault } from "@plinth/fault";
import { type Digest, hashFor, hexOf } from "../digest.ts";
import { unpackedBytesMax } from "../limits.ts";
import type { Compression } from "../manifest.ts";
import { corrupt } from "../tar/entry.ts";
import { TarReader } from "../tar/reader.ts";
import { decompress } from "./decompress.ts";
import type { DoDeeds } from "./deeds.ts";
import { type LayerSummary, LayerWriter } from "./layer-writer.ts";
import type { Rights } from "./rights.ts";

/** A layer's blob on the disk. */
export interface LayerFile {
  readonly path: string;
  readonly compression: Compression;
  /** Of the file. */
  readonly bytes: number;
  readonly digest: Digest;
  /** What its content, decompressed, must hash to. */
  readonly diffId: Digest;
}

export interface UnpackTask {
  /** An empty directory of mode 0700. */
  readonly root: string;
  readonly rights: Rights;
  /** One for overlayfs; all of an image, lowest first, where there is none. */
  readonly layers: readonly LayerFile[];
  readonly whiteouts: "overlay" | "apply";
}

/** Unpacks layers into one directory, hashing on the way. Fault; what is in the directory then is to be removed. */
export async function unpackLayers(
  task: UnpackTask,
  doDeeds: DoDeeds,
  onRead: (layer: LayerFile, bytes: number) => void,
): Promise<LayerSummary> {
  const writer = new LayerWriter(task);
  try {
    for (const layer of task.layers) {
      await unpackOne(layer, writer, (bytes) => onRead(layer, bytes));
      writer.endLayer();
    }
    return await writer.finish(doDeeds);
  } finally {
    writer.abandon();
  }
}

async function unpackOne(
  layer: LayerFile,
  writer: LayerWriter,
  onRead: (bytes: number) => void,
): Promise<void> {
  const { path, compression, digest, diffId } = layer;
  const bytesMax = unpackedBytesMax(layer.bytes);
  const hash = hashFor(diffId);
  const reader = new TarReader(writer);
  try {
    for await (const chunk of decompress({ path, compression, bytesMax, onRead })) {
      hash.update(chunk);
      reader.write(chunk);
    }
    reader.end();
  } catch (error) {
    throw error instanceof Fault
      ? new Fault(error.code, `Cannot unpack layer ${digest}: ${error.message}`, { cause: error })
      : error;
  }
  if (hash.digest("hex") !== hexOf(diffId)) {
    throw corrupt(
      `Cannot unpack layer ${digest}: its content is not what the image's config says (${diffId})`,
    );
  }
}
