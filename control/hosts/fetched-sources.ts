import { mkdir, mkdtemp, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { ServiceSpec } from "@plinth/resource";

/** Copies of projects' files that the first host keeps, brought here as instances need them. */
export class FetchedSources {
  /** HOME/sources. */
  readonly #directory: string;
  readonly #fetch: (digest: string, directory: string) => Promise<void>;
  readonly #fetching: Map<string, Promise<void>> = new Map();

  /** `fetch` puts the files of a copy into an empty directory. */
  constructor(directory: string, fetch: (digest: string, directory: string) => Promise<void>) {
    this.#directory = directory;
    this.#fetch = fetch;
  }

  /** Sees to it that the files a service is made from are here; those who want the same wait for one fetch. */
  async need({ source }: ServiceSpec): Promise<void> {
    if (source?.directory.startsWith(`${this.#directory}/`) !== true) return;
    const digest = source.directory.slice(this.#directory.length + 1).split("/")[0]!;
    if ((await stat(join(this.#directory, digest)).catch(() => undefined)) !== undefined) return;
    let fetching = this.#fetching.get(digest);
    if (fetching === undefined) {
      fetching = this.#bring(digest).finally(() => this.#fetching.delete(digest));
      this.#fetching.set(digest, fetching);
    }
    await fetching;
  }

  async #bring(digest: string): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    const temporary = await mkdtemp(join(this.#directory, ".new-"));
    try {
      await this.#fetch(digest, temporary);
      await rename(temporary, join(this.#directory, digest));
    } finally {
      await rm(temporary, { recursive: true, force: true });
    }
  }
}
