import type { Digest } from "./digest.ts";

/** What a pull, an import or an export is at. */
export type ImageProgress =
  /** The manifest is known: what follows is about these. */
  | {
      readonly kind: "layers";
      readonly layers: readonly { readonly digest: Digest; readonly bytes: number }[];
    }
  /** `bytes` of a layer are here; those of an earlier attempt count. */
  | {
      readonly kind: "download";
      readonly digest: Digest;
      readonly bytes: number;
      readonly bytesTotal: number;
    }
  | { readonly kind: "unpack"; readonly digest: Digest; readonly bytes: number; readonly bytesTotal: number }
  /** The layer is in the store, unpacked. */
  | { readonly kind: "done"; readonly digest: Digest; readonly wasThere: boolean }
  /** A registry does not answer as it should; it is asked again. */
  | { readonly kind: "retry"; readonly reason: string; readonly delayMs: number };

export type OnProgress = (progress: ImageProgress) => void;
