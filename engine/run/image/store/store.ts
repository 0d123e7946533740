import type { BuildOptions, BuildSpec } from "../build/build.ts";
import type { Digest } from "../digest.ts";
import type { ImageConfig } from "../image-config.ts";
import type { Platform } from "../manifest.ts";
import type { OnProgress } from "../progress.ts";
import type { Reference } from "../reference.ts";

/**
 * A home's images: an OCI image layout that other tools can read (blobs by digest, names in its index), and beside it
 * each layer unpacked once for all images. Several processes may use it at once; each change is one rename.
 */
export interface ImageStore extends AsyncDisposable {
  readonly directory: string;

  /**
   * The digest of the image's manifest for a platform, as its source has it now; nothing is kept. A reference with a
   * digest that is in the store is not asked about.
   */
  resolve(reference: Reference | string, options?: ResolveOptions): Promise<ResolvedImage>;

  /** Brings an image here, layers unpacked, and names it. Returns at once what is here already. */
  pull(reference: Reference | string, options?: PullOptions): Promise<StoredImage>;

  /** The image with this manifest digest, this index digest, or this name; undefined where it is not whole here. */
  image(nameOrDigest: string): Promise<StoredImage | undefined>;

  list(): Promise<readonly StoredImage[]>;

  /** Takes a name away; its content goes with the next `collect`. False where there is none. */
  remove(nameOrDigest: string): Promise<boolean>;

  /** What overlayfs is given to show the image. Unpacks what is not unpacked. Fault `not-found` where it is not here. */
  mountPlan(digest: Digest, options?: WorkOptions): Promise<MountPlan>;

  /** The fallback where there is no overlayfs: unpacks the image into a new directory, a copy of its own. */
  flatten(digest: Digest, directory: string, options?: WorkOptions): Promise<void>;

  /** A user as images and services write it ("1000", "redis:redis"), by the image's own /etc/passwd and /etc/group. */
  resolveUser(digest: Digest, user: string): Promise<ImageUser>;

  /** Keeps images for an owner, such as a daemon, over restarts, in place of those it kept before. */
  hold(owner: string, digests: Iterable<Digest>): Promise<void>;

  /**
   * Removes what no pinned name, no `hold`, no `keep` and no work under way refers to. May run beside anything else.
   */
  collect(options?: CollectOptions): Promise<Collected>;

  /** Where the space goes. */
  usage(): Promise<StoreUsage>;

  /** The image as an OCI archive (tar), as `import`, skopeo and podman take it. Fault `not-found`. */
  export(digest: Digest, options?: ExportOptions): AsyncIterable<Uint8Array>;

  /** Makes an image of files and another image. The same input gives the same digest, whoever builds it and when. */
  build(spec: BuildSpec, options: BuildOptions): Promise<StoredImage>;

  /** Takes an OCI or Docker archive from a stream; gives its images. */
  import(stream: AsyncIterable<Uint8Array>, options?: PullOptions): Promise<readonly StoredImage[]>;
}

export interface WorkOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: OnProgress;
}

export interface ResolveOptions extends WorkOptions {
  /** Default: this machine's. */
  readonly platform?: Platform;
}

export interface PullOptions extends ResolveOptions {
  /**
   * True, the default: the name is a user's, and the image stays until `remove`. False: it stays as long as it is held
   * (`hold`, `keep`).
   */
  readonly pin?: boolean;
  /** The name in the store. Default: the reference in full. */
  readonly name?: string;
  /** False: only the blobs; `mountPlan` unpacks them. Default true. */
  readonly unpack?: boolean;
}

export interface ExportOptions extends WorkOptions {
  /** Name and tag in the archive. Default: the first name of the image. */
  readonly name?: string;
}

export interface ResolvedImage {
  readonly reference: Reference;
  /** Of the platform's manifest. */
  readonly digest: Digest;
}

export interface StoredImage {
  /** Of the manifest. */
  readonly digest: Digest;
  /** Of the index it was chosen from. */
  readonly indexDigest: Digest | undefined;
  readonly names: readonly StoredName[];
  readonly config: ImageConfig;
  readonly configDigest: Digest;
  /** Lowest first. */
  readonly layers: readonly StoredLayer[];
  /** Of its blobs. */
  readonly bytes: number;
  /** What of it could not be unpacked by who did, and how often; a sentence each. */
  readonly notices: readonly string[];
}

export interface StoredName {
  readonly name: string;
  readonly isPinned: boolean;
  /** RFC 3339: when it was last given to this image. */
  readonly at: string;
}

export interface StoredLayer {
  /** Of the blob. */
  readonly digest: Digest;
  /** Of the tar file in it. */
  readonly diffId: Digest;
  readonly bytes: number;
  readonly isUnpacked: boolean;
}

/** What to mount. `lowerdirs` are short names within `directory`, topmost first: mount with it as working directory. */
export interface MountPlan {
  readonly directory: string;
  readonly lowerdirs: readonly string[];
  /** Where opaque directories are marked: "user" needs the mount option `userxattr`. */
  readonly xattrs: "trusted" | "user";
}

export interface ImageUser {
  readonly uid: number;
  readonly gid: number;
  /** Of the groups that name the user; none where the group was given. */
  readonly additionalGids: readonly number[];
  /** Undefined where /etc/passwd does not have the user. */
  readonly name: string | undefined;
  readonly home: string | undefined;
}

export interface CollectOptions {
  /** Digests of manifests that stay, such as those of all releases and instances. */
  readonly keep?: Iterable<Digest>;
  /** Only tell. */
  readonly dryRun?: boolean;
  readonly signal?: AbortSignal;
}

export interface Collected {
  /** Digests of manifests and names that went. */
  readonly images: readonly { readonly digest: Digest; readonly names: readonly string[] }[];
  readonly blobs: number;
  readonly layers: number;
  /** Of the blobs. */
  readonly blobBytes: number;
  /** Of the unpacked layers. */
  readonly layerBytes: number;
}

export interface StoreUsage {
  readonly images: number;
  readonly blobs: number;
  readonly blobBytes: number;
  readonly layers: number;
  readonly layerBytes: number;
  /** Of downloads that were broken off and can go on. */
  readonly partialBytes: number;
}
