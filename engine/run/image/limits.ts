/** Bounds on what an image may ask of this machine; each stands above what real images need. */

/** The distribution specification lets registries refuse manifests beyond 4 MiB. */
export const MANIFEST_BYTES_MAX: number = 4 * 2 ** 20;
/** A config holds history and labels; the largest known are below 1 MiB. */
export const CONFIG_BYTES_MAX: number = 8 * 2 ** 20;
/** overlayfs's options are one page; with names of 13 bytes, 127 layers take 1.7 KiB. Docker's own bound is 125. */
export const LAYERS_MAX = 127;
/** An index has one manifest per platform, and attestations. */
export const INDEX_MANIFESTS_MAX = 1000;
/** A compressed layer. Larger ones exist for model weights; what is beyond is taken for a mistake. */
export const LAYER_BYTES_MAX: number = 64 * 2 ** 30;
/** An archive that comes as a stream, and is kept on the disk until it is read. */
export const ARCHIVE_BYTES_MAX: number = 128 * 2 ** 30;
/** An unpacked layer. */
const UNPACKED_BYTES_MAX: number = 128 * 2 ** 30;
/**
 * How many times larger than its blob a layer may get. Deflate cannot pass 1,032; real layers stay below 20, but for
 * files of zeros. Small layers have `UNPACKED_BYTES_FREE` whatever their ratio.
 */
const UNPACKED_RATIO_MAX = 200;
/** A layer of this size unpacked is no bomb, however small its blob. */
const UNPACKED_BYTES_FREE: number = 512 * 2 ** 20;
/** Files, directories and links of one layer; a large Linux distribution has 500,000. */
export const LAYER_ENTRIES_MAX = 2_000_000;
/** Linux's PATH_MAX is 4096 with the zero byte; the store's own path comes before. */
export const ENTRY_NAME_BYTES_MAX = 3584;
/** Linux's NAME_MAX. */
export const NAME_COMPONENT_BYTES_MAX = 255;
/** Linux keeps at most 64 KiB per attribute (XATTR_SIZE_MAX). */
export const XATTR_VALUE_BYTES_MAX = 65_536;
/** One entry's attributes and long names together. */
export const EXTENDED_HEADER_BYTES_MAX: number = 1024 * 1024;

/** What a compressed file may grow to before it is taken for a bomb. */
export function unpackedBytesMax(compressedBytes: number): number {
  const allowed = Math.max(UNPACKED_BYTES_FREE, compressedBytes * UNPACKED_RATIO_MAX);
  return Math.min(allowed, UNPACKED_BYTES_MAX);
}
