import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "@plinth/clock";
import { Fault } from "@plinth/fault";
import type { FileLock } from "@plinth/file";
import { isRunning, processIdentity } from "@plinth/process";
import type { Digest } from "../digest.ts";
import type { Rights } from "../unpack/rights.ts";
import { Blobs } from "./blobs.ts";
import { Contents, type ImageContents } from "./contents.ts";
import type { StoreDirectories } from "./directories.ts";
import { layerIds, Layers } from "./layers.ts";
import type { WorkEntry } from "./ledger.ts";
import { lockFile } from "./lock.ts";

/** Changes of the index and of the ledger take milliseconds. */
const LOCK_WITHIN_MS = 30_000;

/** What a store's deeds work with. */
export class StoreParts {
  readonly directories: StoreDirectories;
  readonly clock: Clock;
  readonly blobs: Blobs;
  readonly contents: Contents;
  readonly layers: Layers;
  #spools = 0;
  #syncing: Promise<unknown> = Promise.resolve();

  constructor(directories: StoreDirectories, clock: Clock, rights: Rights) {
    this.directories = directories;
    this.clock = clock;
    this.blobs = new Blobs(directories, clock);
    this.contents = new Contents(this.blobs);
    this.layers = new Layers(directories, clock, rights);
  }

  /** For changes of the index and of the ledger, and for taking out what nothing refers to. */
  lock(signal: AbortSignal | undefined): Promise<FileLock> {
    const { clock } = this;
    return lockFile(join(this.directories.locks, "store"), { clock, signal, withinMs: LOCK_WITHIN_MS });
  }

  /** Says what is about to be used. Under the lock, so that a collection sees it or has ended before. */
  async addWork(work: WorkEntry, digests: Iterable<Digest>, signal: AbortSignal | undefined): Promise<void> {
    using _lock = await this.lock(signal);
    await work.add(digests);
  }

  /** A path for something that is removed again soon. */
  spool(): string {
    return join(this.directories.staging, `spool-${process.pid}-${this.#spools++}`);
  }

  /** Of processes that were killed. */
  async removeSpools(): Promise<void> {
    for (const name of await readdir(this.directories.staging)) {
      const pid = /^spool-(\d+)-/.exec(name)?.[1];
      const identity = pid === undefined ? undefined : processIdentity(Number(pid));
      if (pid !== undefined && (identity === undefined || !isRunning(identity))) {
        await rm(join(this.directories.staging, name), { force: true });
      }
    }
  }

  async need(digest: Digest): Promise<ImageContents> {
    const image = await this.contents.read(digest);
    if (image !== undefined) return image;
    throw new Fault(
      "not-found",
      `Cannot use image ${digest}: it is not in the store ${this.directories.root}`,
      {
        hint: "`plinth image pull NAME` brings it.",
      },
    );
  }

  /** Nobody waits for the disk but who closes the store: what it does not have is unpacked again after a power failure. */
  syncLater(diffIds: readonly Digest[]): void {
    const syncing = this.#syncing.then(() => this.layers.sync(layerIds(diffIds)));
    this.#syncing = syncing.catch(() => {});
  }

  async synced(): Promise<void> {
    await this.#syncing;
  }
}
