import { existsSync } from "node:fs";
import type { Clock } from "@plinth/clock";
import { Fault } from "@plinth/fault";
import type { ImageKeeper } from "@plinth/release";
import type { ServiceSpec } from "@plinth/resource";
import {
  type ContainerDriverOptions,
  type ImageStore,
  parseDigest,
  parseReference,
  referenceText,
} from "@plinth/run";
import { homePaths } from "./home-paths.ts";
import { openHomeImages } from "./open-images.ts";

export interface HomeImagesOptions {
  readonly home: string;
  readonly clock: Clock;
  /** An image's archive, from the first host; undefined on that. */
  readonly fetch: (digest: string) => Promise<AsyncIterable<Uint8Array> | undefined>;
  readonly signal: AbortSignal;
}

type DriverImages = ContainerDriverOptions["images"];

/** The images of a home. The store is opened, and made, by the first who needs one. */
export class HomeImages implements ImageKeeper, DriverImages, AsyncDisposable {
  readonly #options: HomeImagesOptions;
  readonly #bringing: Map<string, Promise<void>> = new Map();
  #opened: Promise<ImageStore> | undefined;

  constructor(options: HomeImagesOptions) {
    this.#options = options;
  }

  /** Whether there ever was an image here. */
  get isMade(): boolean {
    return existsSync(homePaths(this.#options.home).images);
  }

  open(): Promise<ImageStore> {
    const { home, clock } = this.#options;
    this.#opened ??= openHomeImages(home, clock).catch((error: unknown) => {
      this.#opened = undefined;
      throw error;
    });
    return this.#opened;
  }

  image: DriverImages["image"] = async (digest) => (await this.open()).image(digest);
  mountPlan: DriverImages["mountPlan"] = async (digest) => (await this.open()).mountPlan(digest);
  flatten: DriverImages["flatten"] = async (digest, directory) =>
    (await this.open()).flatten(digest, directory);
  resolveUser: DriverImages["resolveUser"] = async (digest, user) =>
    (await this.open()).resolveUser(digest, user);

  /** Those who want the same image wait for one fetch of it. */
  async ensure({ image, imageDigest }: ServiceSpec): Promise<void> {
    if (imageDigest === undefined) return;
    let bringing = this.#bringing.get(imageDigest);
    if (bringing === undefined) {
      bringing = this.#bring(imageDigest, typeof image === "string" ? image : undefined).finally(() =>
        this.#bringing.delete(imageDigest),
      );
      this.#bringing.set(imageDigest, bringing);
    }
    await bringing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.allSettled(this.#bringing.values());
    await (await this.#opened?.catch(() => undefined))?.[Symbol.asyncDispose]();
  }

  /** From the first host, or, on that one, from the registry it was of; by its digest, whatever the tag is by now. */
  async #bring(digest: string, name: string | undefined): Promise<void> {
    const store = await this.open();
    if ((await store.image(digest)) !== undefined) return;
    const { fetch, signal } = this.#options;
    const archive = await fetch(digest);
    if (archive !== undefined) {
      await store.import(archive, { pin: false, signal });
      if ((await store.image(digest)) !== undefined) return;
    } else if (name !== undefined) {
      const reference = parseReference(name, "/");
      if (reference.kind === "registry") {
        const exact = { ...reference, tag: undefined, digest: parseDigest(digest, "a release") };
        await store.pull(referenceText(exact), { pin: false, signal });
        return;
      }
    }
    throw new Fault("not-found", `Image ${digest} is not in this home`, {
      hint: "`plinth up` brings it.",
    });
  }
}
