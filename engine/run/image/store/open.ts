import { createWriteStream } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import type { Clock } from "@plinth/clock";
import { Fault } from "@plinth/fault";
import { usableIds } from "../../container/in-user-namespace.ts";
import { type BuildOptions, buildImage, type BuildSpec } from "../build/build.ts";
import { type Digest, isDigest } from "../digest.ts";
import { ARCHIVE_BYTES_MAX } from "../limits.ts";
import type { Platform } from "../manifest.ts";
import { hostPlatform } from "../platform.ts";
import { parseReference, type Reference, referenceText } from "../reference.ts";
import { openRegistrySource, type RegistryOptions } from "../registry/open.ts";
import { openArchive } from "../source/archive-files.ts";
import { archiveNames, openFileSource, sourceIn } from "../source/open-source.ts";
import type { ImageSource } from "../source/source.ts";
import { ownRights } from "../unpack/rights.ts";
import { unpackAll } from "../unpack/unpack-all.ts";
import { allBlobs, emptyTrash, partialBytes, planCollection, takeOut } from "./collect.ts";
import { blobsOf } from "./contents.ts";
import { StoreDirectories } from "./directories.ts";
import { exportImage } from "./export.ts";
import { findManifest } from "./fetch-image.ts";
import { type NamedImage, readIndex, writeIndex } from "./index-file.ts";
import { layerIds } from "./layers.ts";
import { readLayeredFile } from "./layered-file.ts";
import { beginWork, readHolds, writeHold } from "./ledger.ts";
import { StoreParts } from "./parts.ts";
import { pullFrom, unpackImage } from "./pull.ts";
import type {
  Collected,
  CollectOptions,
  ExportOptions,
  ImageStore,
  ImageUser,
  MountPlan,
  PullOptions,
  ResolvedImage,
  ResolveOptions,
  StoredImage,
  StoreUsage,
  WorkOptions,
} from "./store.ts";
import { userIn } from "./users.ts";

export interface ImageStoreOptions {
  readonly clock: Clock;
  readonly registry?: RegistryOptions;
  /** What relative paths in references are taken from. Default: the working directory. */
  readonly workingDirectory?: string;
}

/** /etc/passwd of a directory service's export may be large. */
const ACCOUNTS_BYTES_MAX: number = 4 * 2 ** 20;

/** Of images that instances run, and their users. */
const USERS_MAX = 1024;

/** Opens a home's images at `directory`, and makes it where it is not there. Several processes may. */
export async function openImageStore(directory: string, options: ImageStoreOptions): Promise<ImageStore> {
  const directories = new StoreDirectories(directory);
  await directories.make();
  const rights =
    process.geteuid?.() === 0 ? ownRights() : ownRights((await usableIds(directories.init)).maps);
  return new HomeImageStore(new StoreParts(directories, options.clock, rights), options);
}

class HomeImageStore implements ImageStore {
  readonly #parts: StoreParts;
  readonly #options: ImageStoreOptions;
  /** By digest and user: what a digest stands for never changes, and each start of an instance asks. */
  readonly #users: Map<string, ImageUser> = new Map();

  constructor(parts: StoreParts, options: ImageStoreOptions) {
    this.#parts = parts;
    this.#options = options;
  }

  get directory(): string {
    return this.#parts.directories.root;
  }

  async resolve(named: Reference | string, options: ResolveOptions = {}): Promise<ResolvedImage> {
    const reference = this.#reference(named);
    const platform = options.platform ?? hostPlatform();
    const here = await this.#byDigest(reference, platform);
    if (here !== undefined) return { reference, digest: here.digest };
    await using source = await this.#open(reference, options);
    const found = await findManifest(source, digestIn(reference), platform, options.signal);
    return { reference, digest: found.descriptor.digest };
  }

  async pull(named: Reference | string, options: PullOptions = {}): Promise<StoredImage> {
    const reference = this.#reference(named);
    const name = options.name ?? referenceText(reference);
    const platform = options.platform ?? hostPlatform();
    const here = await this.#byDigest(reference, platform);
    const isNamed = here?.names.some(
      (each) => each.name === name && (each.isPinned || options.pin === false),
    );
    if (here !== undefined && isNamed === true && here.layers.every(({ isUnpacked }) => isUnpacked))
      return here;
    await using source = await this.#open(reference, options);
    const digest = await pullFrom(this.#parts, source, {
      ...options,
      name,
      platform,
      digest: digestIn(reference),
    });
    return (await this.image(digest))!;
  }

  async image(nameOrDigest: string): Promise<StoredImage | undefined> {
    const named = await readIndex(this.#parts.directories.index);
    const digest = isDigest(nameOrDigest)
      ? (named.find(({ indexDigest }) => indexDigest === nameOrDigest)?.descriptor.digest ?? nameOrDigest)
      : this.#findName(named, nameOrDigest)?.descriptor.digest;
    return digest === undefined ? undefined : await this.#stored(digest, named);
  }

  async list(): Promise<readonly StoredImage[]> {
    const named = await readIndex(this.#parts.directories.index);
    const held = await readHolds(this.#parts.directories.holds);
    const digests = new Set([...named.map(({ descriptor }) => descriptor.digest), ...held]);
    const found = await Promise.all([...digests].map((digest) => this.#stored(digest, named)));
    return found.filter((image) => image !== undefined);
  }

  async remove(nameOrDigest: string): Promise<boolean> {
    using _lock = await this.#parts.lock(undefined);
    const named = await readIndex(this.#parts.directories.index);
    const one = isDigest(nameOrDigest) ? undefined : this.#findName(named, nameOrDigest);
    const left = named.filter((image) => image !== one && image.descriptor.digest !== nameOrDigest);
    if (left.length === named.length) return false;
    await writeIndex(this.#parts.directories.index, left);
    return true;
  }

  async mountPlan(digest: Digest, options: WorkOptions = {}): Promise<MountPlan> {
    const { layers, directories } = this.#parts;
    const image = await this.#parts.need(digest);
    const { diffIds } = image.config;
    if (!(await layers.isReady(diffIds))) {
      await using work = beginWork(directories.work);
      const blobs = blobsOf(image).map((each) => each.digest);
      await this.#parts.addWork(work, [...blobs, ...layerIds(diffIds)], options.signal);
      await unpackImage(this.#parts, image, options);
    }
    return await layers.mountPlan(diffIds);
  }

  async flatten(digest: Digest, directory: string, options: WorkOptions = {}): Promise<void> {
    const image = await this.#parts.need(digest);
    await using work = beginWork(this.#parts.directories.work);
    await this.#parts.addWork(
      work,
      blobsOf(image).map((each) => each.digest),
      options.signal,
    );
    await mkdir(directory, { mode: 0o700 });
    await unpackAll(
      [
        {
          root: directory,
          rights: this.#parts.layers.rights,
          layers: this.#parts.contents.layerFiles(image),
          whiteouts: "apply",
        },
      ],
      {
        initDirectory: this.#parts.directories.init,
        signal: options.signal,
        onDone: () => Promise.resolve(),
      },
    );
  }

  async resolveUser(digest: Digest, user: string): Promise<ImageUser> {
    const key = `${digest} ${user}`;
    const known = this.#users.get(key);
    if (known !== undefined) return known;
    const image = await this.#parts.need(digest);
    await this.mountPlan(digest);
    const layers = await this.#parts.layers.forLookup(image.config.diffIds);
    const read = async (path: string): Promise<string> => {
      const content = await readLayeredFile(layers, path, ACCOUNTS_BYTES_MAX);
      return content?.toString("utf8") ?? "";
    };
    const found = userIn(user, await read("etc/passwd"), await read("etc/group"));
    if (this.#users.size >= USERS_MAX) this.#users.clear();
    this.#users.set(key, found);
    return found;
  }

  async hold(owner: string, digests: Iterable<Digest>): Promise<void> {
    using _lock = await this.#parts.lock(undefined);
    await writeHold(this.#parts.directories.holds, owner, [...new Set(digests)]);
  }

  async collect(options: CollectOptions = {}): Promise<Collected> {
    const plan = await this.#takeOut(options);
    if (options.dryRun !== true) await emptyTrash(this.#parts.directories);
    return plan;
  }

  async usage(): Promise<StoreUsage> {
    const blobs = await allBlobs(this.#parts.directories);
    const layers = await this.#parts.layers.all();
    return {
      images: (await this.list()).length,
      blobs: blobs.length,
      blobBytes: blobs.reduce((sum, { bytes }) => sum + bytes, 0),
      layers: layers.length,
      layerBytes: layers.reduce((sum, { bytes }) => sum + bytes, 0),
      partialBytes: await partialBytes(this.#parts.directories),
    };
  }

  async *export(digest: Digest, options: ExportOptions = {}): AsyncGenerator<Uint8Array> {
    const image = await this.#parts.need(digest);
    await using work = beginWork(this.#parts.directories.work);
    await this.#parts.addWork(work, [digest, ...blobsOf(image).map((each) => each.digest)], options.signal);
    const named = await readIndex(this.#parts.directories.index);
    const name = options.name ?? named.find(({ descriptor }) => descriptor.digest === digest)?.name;
    yield* exportImage(this.#parts.blobs, image, name, options.signal);
  }

  async import(
    stream: AsyncIterable<Uint8Array>,
    options: PullOptions = {},
  ): Promise<readonly StoredImage[]> {
    const path = this.#parts.spool();
    try {
      await pipeline(bounded(stream), createWriteStream(path, { mode: 0o600, flags: "wx" }), {
        signal: options.signal,
      });
      await using files = await openArchive(path, this.#parts.spool(), "the archive");
      const names = await archiveNames(files);
      const platform = options.platform ?? hostPlatform();
      const images: StoredImage[] = [];
      for (const name of names.length === 0 ? [undefined] : names) {
        await using source = sourceIn({ ...files, [Symbol.asyncDispose]: async () => {} }, "archive", name);
        const given = names.length > 1 ? name : (options.name ?? name);
        const digest = await pullFrom(this.#parts, source, {
          ...options,
          name: given,
          platform,
          digest: undefined,
        });
        images.push((await this.image(digest))!);
      }
      return images;
    } finally {
      await rm(path, { force: true });
    }
  }

  async build(spec: BuildSpec, options: BuildOptions): Promise<StoredImage> {
    const base = spec.base === undefined ? undefined : await this.#base(spec.base, options);
    const digest = await buildImage(this.#parts, spec, base, options);
    return (await this.image(digest))!;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.synced();
  }

  /** The image that another is built on, brought here if need be. */
  async #base(named: string, { directory, signal, onProgress }: BuildOptions): Promise<Digest> {
    const here = await this.image(named);
    if (here !== undefined) return here.digest;
    const work = { ...(signal !== undefined && { signal }), ...(onProgress !== undefined && { onProgress }) };
    return (await this.pull(parseReference(named, directory), { ...work, pin: false })).digest;
  }

  async #takeOut(options: CollectOptions): Promise<Collected> {
    using _lock = await this.#parts.lock(options.signal);
    const images = await readIndex(this.#parts.directories.index);
    const plan = await planCollection(
      this.#parts.directories,
      { contents: this.#parts.contents, layers: this.#parts.layers, images },
      options,
    );
    if (options.dryRun === true) return plan.collected;
    if (plan.images.length < images.length) await writeIndex(this.#parts.directories.index, plan.images);
    await takeOut(this.#parts.directories, this.#parts.layers, plan);
    await this.#parts.removeSpools();
    return plan.collected;
  }

  /** The image that a reference's own digest names, if it is here. */
  async #byDigest(reference: Reference, platform: Platform): Promise<StoredImage | undefined> {
    const digest = digestIn(reference);
    const image = digest === undefined ? undefined : await this.image(digest);
    const isRight = image?.config.platform.architecture === platform.architecture;
    return isRight ? image : undefined;
  }

  async #stored(digest: Digest, named: readonly NamedImage[]): Promise<StoredImage | undefined> {
    const image = await this.#parts.contents.read(digest);
    if (image === undefined) return undefined;
    const names = named.filter(({ descriptor }) => descriptor.digest === digest);
    const notices = new Map<string, number>();
    const layers = await Promise.all(
      image.manifest.layers.map(async (layer, index) => {
        const diffId = image.config.diffIds[index]!;
        const record = await this.#parts.layers.record(diffId);
        const isUnpacked = record !== undefined;
        for (const [text, count] of Object.entries(record?.notices ?? {}))
          notices.set(text, (notices.get(text) ?? 0) + count);
        const isHere = isUnpacked || (await this.#parts.blobs.has(layer));
        return isHere ? { digest: layer.digest, diffId, bytes: layer.bytes, isUnpacked } : undefined;
      }),
    );
    if (!layers.every((layer) => layer !== undefined)) return undefined;
    return {
      digest,
      indexDigest: names.find(({ indexDigest }) => indexDigest !== undefined)?.indexDigest,
      names: names.map(({ name, isPinned, at }) => ({ name, isPinned, at })),
      config: image.config,
      configDigest: image.manifest.config.digest,
      layers,
      bytes: blobsOf(image).reduce((sum, { bytes }) => sum + bytes, image.manifestBytes),
      notices: [...notices].map(([text, count]) => `${text} (${count})`).sort(),
    };
  }

  /** A name as it is kept, or as a user shortens it. */
  #findName(named: readonly NamedImage[], name: string): NamedImage | undefined {
    const exact = named.find((image) => image.name === name);
    if (exact !== undefined) return exact;
    const full = referenceText(this.#reference(name));
    return named.find((image) => image.name === full);
  }

  #reference(named: Reference | string): Reference {
    if (typeof named !== "string") return named;
    return parseReference(named, this.#options.workingDirectory ?? process.cwd());
  }

  #open(reference: Reference, options: WorkOptions): Promise<ImageSource> {
    return reference.kind === "registry"
      ? openRegistrySource(reference, this.#options.clock, this.#options.registry ?? {}, options)
      : openFileSource(reference, this.#parts.spool());
  }
}

async function* bounded(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += chunk.length;
    if (bytes > ARCHIVE_BYTES_MAX) {
      throw new Fault("too-large", `Cannot import: the archive has more than ${ARCHIVE_BYTES_MAX} bytes`);
    }
    yield chunk;
  }
}

function digestIn(reference: Reference): Digest | undefined {
  return reference.kind === "registry" ? reference.digest : undefined;
}
