import { readFile } from "node:fs/promises";
import { type Clock, type Random, systemRandom } from "@plinth/clock";
import { Fault } from "@plinth/fault";
import { algorithmOf, type Digest, digestOf, isDigest } from "../digest.ts";
import { MANIFEST_BYTES_MAX } from "../limits.ts";
import { type Descriptor, manifestAccept } from "../manifest.ts";
import { type RegistryReference, referenceText } from "../reference.ts";
import type { BlobContent, ImageSource, ManifestContent } from "../source/source.ts";
import type { WorkOptions } from "../store/store.ts";
import { usualCredentialFiles } from "./credentials.ts";
import { Endpoint } from "./endpoint.ts";
import { bodyOf, createHttpCaller, type HttpCaller, isLoopback, smallBody } from "./http.ts";

/** How registries are reached. */
export interface RegistryOptions {
  /** In the order in which they are asked. Default: those of podman and Docker. */
  readonly credentialFiles?: readonly string[];
  /** Addresses asked before a registry, by its name: "docker.io" -> "https://mirror.example". */
  readonly mirrors?: Readonly<Record<string, readonly string[]>>;
  /** Registries (host and port) that are spoken to without TLS. Those on this machine's loopback may be anyway. */
  readonly plainHttp?: readonly string[];
  /** A file of certificate authorities in PEM, beside the system's. */
  readonly caFile?: string;
  /** How long to wait for a registry that sends nothing. Default 30 s. */
  readonly waitMs?: number;
  readonly random?: Random;
}

/** The hub's API is not where its name says. */
const HUB = "docker.io";
const HUB_HOST = "registry-1.docker.io";
const CA_BYTES_MAX: number = 4 << 20;

/** Reaches an image of a registry, by the distribution specification 1.1. */
export async function openRegistrySource(
  reference: RegistryReference,
  clock: Clock,
  options: RegistryOptions,
  { signal, onProgress }: WorkOptions,
): Promise<ImageSource> {
  const caCertificates = options.caFile === undefined ? undefined : await readAuthorities(options.caFile);
  await using setup = new AsyncDisposableStack();
  const { waitMs } = options;
  const http = setup.use(
    createHttpCaller({ clock, caCertificates, ...(waitMs !== undefined && { waitMs }) }),
  );
  const endpoints = (await basesOf(reference.registry, options, http, signal)).map(
    (base, index, { length }) =>
      new Endpoint({
        isMirror: index < length - 1,
        clock,
        random: options.random ?? systemRandom,
        http,
        registry: reference.registry,
        repository: reference.repository,
        base,
        credentialFiles: options.credentialFiles ?? usualCredentialFiles(process.env),
        onProgress,
      }),
  );
  const owned = setup.move();
  return new RegistrySource(reference, endpoints, {
    clock,
    waitMs,
    dispose: () => owned.disposeAsync(),
  });
}

interface SourceContext {
  readonly clock: Clock;
  readonly waitMs: number | undefined;
  readonly dispose: () => Promise<void>;
}

class RegistrySource implements ImageSource {
  readonly name: string;
  readonly isRemote = true;
  readonly #reference: RegistryReference;
  /** Mirrors, less those that lied, and the registry itself. */
  #endpoints: readonly Endpoint[];
  /** Who gave which blob. */
  readonly #givers: Map<Digest, Endpoint> = new Map();
  readonly #context: SourceContext;

  constructor(reference: RegistryReference, endpoints: readonly Endpoint[], context: SourceContext) {
    this.name = referenceText(reference);
    this.#reference = reference;
    this.#endpoints = endpoints;
    this.#context = context;
  }

  async manifest(digest: Digest | undefined, signal: AbortSignal | undefined): Promise<ManifestContent> {
    const wanted = digest ?? this.#reference.tag!;
    return await this.#first(async (endpoint) => {
      const response = await endpoint.get(`manifests/${wanted}`, {
        headers: { accept: manifestAccept },
        signal,
      });
      const bytesMax = MANIFEST_BYTES_MAX;
      const content = await smallBody(response, endpoint.host, { ...this.#waits(), bytesMax });
      const stated = response.headers["docker-content-digest"];
      if (isDigest(stated) && digestOf(content, algorithmOf(stated)) !== stated) {
        throw new Fault(
          "corrupt",
          `Cannot use ${this.name}: ${endpoint.host} sends another manifest than it says`,
        );
      }
      if (digest !== undefined && digestOf(content, algorithmOf(digest)) !== digest) {
        throw new Fault("corrupt", `Cannot use ${digest} of ${this.name}: what it sends has another digest`, {
          hint: `Somebody on the way to ${endpoint.host} changes it, or the registry is broken.`,
        });
      }
      return { content, mediaType: response.headers["content-type"]?.split(";")[0]?.trim() };
    });
  }

  async blob(descriptor: Descriptor, from: number, signal: AbortSignal | undefined): Promise<BlobContent> {
    return await this.#first(async (endpoint) => {
      const path = `blobs/${descriptor.digest}`;
      const headers = from > 0 ? { range: `bytes=${from}-` } : {};
      const response = await endpoint.get(path, { headers, signal });
      const { "content-encoding": encoding = "identity", "content-range": range = "" } = response.headers;
      if (encoding !== "identity") {
        response.destroy();
        throw new Fault(
          "corrupt",
          `Cannot use ${this.name}: ${endpoint.host} encodes a blob (${JSON.stringify(encoding)})`,
        );
      }
      const start = response.statusCode === 206 ? Number(/^bytes (\d+)-/.exec(range)?.[1] ?? Number.NaN) : 0;
      if (start !== 0 && start !== from) {
        response.destroy();
        throw new Fault(
          "corrupt",
          `Cannot use ${this.name}: ${endpoint.host} sends another part of a blob than asked for`,
        );
      }
      this.#givers.set(descriptor.digest, endpoint);
      return { from: start, stream: bodyOf(response, endpoint.host, this.#waits()) };
    });
  }

  blame(digest: Digest): boolean {
    const rest = this.#endpoints.filter((endpoint) => endpoint !== this.#givers.get(digest));
    if (rest.length === 0) return false;
    this.#endpoints = rest;
    return true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#context.dispose();
  }

  /** Mirrors first; what one lacks, the next may have. The registry itself has the last word. */
  async #first<Answer>(ask: (endpoint: Endpoint) => Promise<Answer>): Promise<Answer> {
    const mirrors = this.#endpoints.slice(0, -1);
    for (const mirror of mirrors) {
      try {
        return await ask(mirror);
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
      }
    }
    return await ask(this.#endpoints.at(-1)!);
  }

  #waits(): { readonly clock: Clock; readonly waitMs?: number } {
    const { clock, waitMs } = this.#context;
    return { clock, ...(waitMs !== undefined && { waitMs }) };
  }
}

async function basesOf(
  registry: string,
  options: RegistryOptions,
  http: HttpCaller,
  signal: AbortSignal | undefined,
): Promise<readonly URL[]> {
  const mirrors = (options.mirrors?.[registry] ?? []).map((text) => mirrorBase(text, registry));
  const host = registry === HUB ? HUB_HOST : registry;
  const own = new URL(`https://${host}`);
  if (options.plainHttp?.includes(registry) === true) return [...mirrors, new URL(`http://${host}`)];
  const plain = new URL(`http://${host}`);
  if (isLoopback(own.hostname) && (await speaksPlainHttp(plain, http, signal))) return [...mirrors, plain];
  return [...mirrors, own];
}

function mirrorBase(text: string, registry: string): URL {
  const url = URL.parse(text);
  if (url !== null && (url.protocol === "https:" || (url.protocol === "http:" && isLoopback(url.hostname))))
    return url;
  throw new Fault(
    "invalid",
    `Cannot use the mirror ${JSON.stringify(text)} of ${registry}: expected https://HOST`,
  );
}

/** A registry for trying things out on one's own machine mostly does. One with TLS hangs up, or says 400. */
async function speaksPlainHttp(
  base: URL,
  http: HttpCaller,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  try {
    const url = new URL("/v2/", base);
    const response = await http.call({ url, method: "GET", headers: {}, signal });
    response.destroy();
    return response.statusCode !== 400;
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof Fault) return false;
    throw error;
  }
}

async function readAuthorities(path: string): Promise<string> {
  const content = await readFile(path, "utf8").catch((error: unknown) => {
    throw new Fault("invalid", `Cannot read the certificate authorities in ${path}`, { cause: error });
  });
  if (content.length > CA_BYTES_MAX || !content.includes("-----BEGIN CERTIFICATE-----")) {
    throw new Fault("invalid", `Cannot use ${path}: it holds no certificates in PEM`);
  }
  return content;
}
