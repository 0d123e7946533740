import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { algorithmOf, type Digest, hexOf } from "../digest.ts";

/** Where things lie in a store. An OCI image layout: `oci-layout`, `index.json` and `blobs` are read by other tools. */
export class StoreDirectories {
  readonly root: string;
  readonly index: string;
  /** Unpacked layers: `fs` is what overlayfs is given, `layer.json` what is known of it. */
  readonly layers: string;
  /** Short names of layers' `fs`, since overlayfs's options have little room. */
  readonly links: string;
  /** Downloads under way or broken off. */
  readonly partial: string;
  /** Layers while they are unpacked, and archives while they are read. Mode 0700, as all of the store. */
  readonly staging: string;
  /** What `collect` has taken out of its place, until it is gone. */
  readonly trash: string;
  /** Digests kept for owners, a file each. */
  readonly holds: string;
  /** What processes are at just now, a file each. */
  readonly work: string;
  readonly locks: string;
  readonly init: string;

  constructor(root: string) {
    this.root = root;
    this.index = join(root, "index.json");
    this.layers = join(root, "layers");
    this.links = join(root, "l");
    this.partial = join(root, "partial");
    this.staging = join(root, "staging");
    this.trash = join(root, "trash");
    this.holds = join(root, "holds");
    this.work = join(root, "work");
    this.locks = join(root, "locks");
    this.init = join(root, "init");
  }

  blob(digest: Digest): string {
    return join(this.root, "blobs", algorithmOf(digest), hexOf(digest));
  }

  get blobDirectories(): readonly (readonly [algorithm: "sha256" | "sha512", path: string])[] {
    return (["sha256", "sha512"] as const).map((each) => [each, join(this.root, "blobs", each)]);
  }

  /** Makes what is missing. Images may hold secrets of their makers: nobody else looks in. */
  async make(): Promise<void> {
    const { layers, links, partial, staging, trash, holds, work, locks } = this;
    const blobs = this.blobDirectories.map(([, path]) => path);
    for (const path of [this.root, layers, links, partial, staging, trash, holds, work, locks, ...blobs]) {
      await mkdir(path, { recursive: true, mode: 0o700 });
    }
    await writeFile(join(this.root, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}', {
      flag: "wx",
      mode: 0o600,
    }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw error;
    });
  }
}
