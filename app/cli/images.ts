import { existsSync } from "node:fs";
import { dirname } from "node:path";
import type { Clock } from "@plinth/clock";
import { homePaths } from "@plinth/daemon";
import { Fault } from "@plinth/fault";
import type { AppSpec, ServiceSpec } from "@plinth/resource";
import type { Digest, ImageProgress, ImageStore, StoredImage } from "@plinth/run";
import type { Context } from "./command.ts";
import type { LoadedConfig } from "./config/load-config.ts";
import { checkDefaults, imageDefaults, portDefaults } from "./image-defaults.ts";
import { showImages } from "./deploy-images.ts";

export interface BroughtImages {
  /** The spec with `imageDigest` for every service of an image, and what the image says where the service does not. */
  readonly spec: AppSpec;
  readonly notes: readonly string[];
}

export interface BringOptions extends Pick<LoadedConfig, "portless" | "unchecked"> {
  readonly app: string;
  /** The config file. */
  readonly file: string;
  /** False: only find out which they are, as `plan` does. */
  readonly pull: boolean;
}

/** Loaded by those who have images: what reads them would be half of what the command line is made of. */
const openImages = async (home: string, clock: Clock): Promise<ImageStore> =>
  (await import("@plinth/daemon/images")).openHomeImages(home, clock);

/** Under which the store keeps what the last deploy of an app has brought; no release may refer to it yet. */
const owner = (app: string): string => `up-${app}`;

/** Finds out which images an app is made of and brings them into the home. */
export async function bringImages(
  spec: AppSpec,
  context: Pick<Context, "home" | "clock" | "signal" | "output" | "json" | "is">,
  { app, file, pull, portless, unchecked }: BringOptions,
): Promise<BroughtImages> {
  const wanted = Object.entries(spec.services).flatMap(([service, settings]) =>
    settings.image === undefined ? [] : [{ service, settings, named: settings.image }],
  );
  if (wanted.length === 0) return { spec, notes: [] };
  const { home, clock, signal } = context;
  await using store = await openImages(home, clock);
  const services: Record<string, ServiceSpec> = { ...spec.services };
  const notes: string[] = [];
  const digests: Digest[] = [];
  using progress = showImages(context);
  for (const { service, settings: given, named } of wanted) {
    const { digest, image } = await bring(store, named, {
      directory: dirname(file),
      pull,
      signal,
      onProgress: progress.of(service),
    }).catch((error: unknown) => {
      throw ofService(error, service, named);
    });
    digests.push(digest);
    const isAwaited = Object.values(spec.services).some(({ after }) => after?.[service] === "ready");
    const settings: ServiceSpec = {
      ...given,
      ...(image !== undefined && portless.has(service) && portDefaults(image.config)),
      ...(image !== undefined && unchecked.has(service) && checkDefaults(image.config, isAwaited)),
    };
    services[service] = {
      ...settings,
      ...(image === undefined ? {} : imageDefaults(settings, image.config)),
      imageDigest: digest,
    };
    notes.push(...(image === undefined ? [notHere(service)] : hintsOf(service, settings, image)));
  }
  if (pull) await store.hold(owner(app), digests);
  return { spec: { ...spec, services }, notes };
}

/** Says whose image it was: several are brought. */
function ofService(error: unknown, service: string, named: NonNullable<ServiceSpec["image"]>): unknown {
  if (!(error instanceof Fault)) return error;
  const { code, hint, message } = error;
  const which = typeof named === "string" ? ` "${named}"` : "";
  return new Fault(
    code,
    `Cannot have the image${which} of service "${service}": ${message.charAt(0).toLowerCase()}${message.slice(1)}`,
    {
      cause: error,
      ...(hint !== undefined && { hint }),
    },
  );
}

/** Lets go of what deploys of an app that is gone have brought. */
export async function letImagesGo(
  { home, clock }: Pick<Context, "home" | "clock">,
  app: string,
): Promise<void> {
  if (!existsSync(homePaths(home).images)) return;
  await using store = await openImages(home, clock);
  await store.hold(owner(app), []);
}

interface Bringing {
  readonly directory: string;
  readonly pull: boolean;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: ImageProgress) => void;
}

interface Brought {
  readonly digest: Digest;
  /** Undefined while it is not here. */
  readonly image: StoredImage | undefined;
}

async function bring(
  store: ImageStore,
  name: NonNullable<ServiceSpec["image"]>,
  { directory, pull, signal, onProgress }: Bringing,
): Promise<Brought> {
  if (typeof name !== "string") {
    // Made for a plan, too: what it is follows from what is in it, and what nobody holds goes again.
    const image = await store.build(name, { directory, pin: false, signal, onProgress });
    return { digest: image.digest, image };
  }
  const { parseReference } = await import("@plinth/run");
  const reference = parseReference(name, directory);
  if (pull) {
    const image = await store.pull(reference, { pin: false, signal, onProgress });
    return { digest: image.digest, image };
  }
  const { digest } = await store.resolve(reference, { signal });
  return { digest, image: await store.image(digest) };
}

const notHere = (service: string): string =>
  `${service}: its image is not here yet; health check and stop signal that it may have are known after \`plinth up\``;

/** What would surprise somebody who knows the image from elsewhere. */
function hintsOf(
  service: string,
  { port, volumes }: ServiceSpec,
  { config, notices }: StoredImage,
): string[] {
  const hints = notices.map((notice) => `${service}: of its image, ${notice}`);
  const ports = config.exposedPorts.filter(({ protocol }) => protocol === "tcp").map((each) => each.port);
  if (port === undefined && ports.length > 0) {
    hints.push(
      `${service}: its image serves on port ${ports.join(", ")}; say \`port: ${ports[0]}\` unless it obeys $PORT`,
    );
  }
  const kept = new Set(Object.values(volumes ?? {}).map((target) => target.replace(/:(ro|rw)$/, "")));
  for (const path of config.volumes.filter((one) => !kept.has(one))) {
    hints.push(
      `${service}: its image keeps data in ${path}, which ends with the instance; \`volumes: { data: ${path} }\` keeps it`,
    );
  }
  return hints;
}
