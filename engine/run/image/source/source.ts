import type { Digest } from "../digest.ts";
import type { Descriptor } from "../manifest.ts";

/** Where an image comes from. Nothing it gives is trusted: whoever asks checks digests and sizes. */
export interface ImageSource extends AsyncDisposable {
  /** What messages call it. */
  readonly name: string;
  /** What breaks off may go on when it is asked again, as over a network. */
  readonly isRemote: boolean;
  /** The manifest or index that was asked for, or one that it names. Fault `not-found`. */
  manifest(digest: Digest | undefined, signal: AbortSignal | undefined): Promise<ManifestContent>;
  /**
   * A blob's content from a byte on, or from its beginning where the source cannot begin elsewhere. Fault `unavailable`
   * where it breaks off: it may be asked again.
   */
  blob(descriptor: Descriptor, from: number, signal: AbortSignal | undefined): Promise<BlobContent>;
  /** Told that a blob's content has another digest. True where somebody else gives it from now on. */
  blame?(digest: Digest): boolean;
}

export interface ManifestContent {
  readonly content: Buffer;
  /** What the source says it is. */
  readonly mediaType: string | undefined;
}

export interface BlobContent {
  /** The byte it begins at. */
  readonly from: number;
  readonly stream: AsyncIterable<Uint8Array>;
}
