import type { Clock } from "@plinth/clock";
import { messageOf } from "@plinth/fault";
import { type Digest, parseDigest } from "@plinth/run";
import type { Log } from "@plinth/log";
import type { Registry } from "@plinth/registry";
import type { HomeImages } from "./home-images.ts";

export interface HoldOptions {
  readonly images: HomeImages;
  readonly registry: Registry;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Under this name the store keeps what releases refer to, also while no daemon runs. */
const OWNER = "releases";
/** Releases come and go seldom, and what a deploy brings its own command holds until it is one. */
const PERIOD_MS = 10_000;
/** What nothing refers to is taken away this often. */
const COLLECT_PERIOD_MS = 3_600_000;

/** Sees to it that images of releases stay and that others go, until the signal. */
export async function keepImagesHeld({ images, registry, clock, log, signal }: HoldOptions): Promise<void> {
  let held: string | undefined;
  let collectAtMs = clock.monotonic() + COLLECT_PERIOD_MS;
  while (!signal.aborted) {
    const digests = referredTo(registry);
    const key = digests.join();
    const isDue = clock.monotonic() >= collectAtMs;
    if (images.isMade && (key !== held || isDue)) {
      try {
        const store = await images.open();
        await store.hold(OWNER, digests);
        held = key;
        if (isDue) {
          collectAtMs = clock.monotonic() + COLLECT_PERIOD_MS;
          const { blobBytes, layerBytes } = await store.collect({ keep: digests, signal });
          if (blobBytes + layerBytes > 0) log.info("images collected", { bytes: blobBytes + layerBytes });
        }
      } catch (error) {
        if (!signal.aborted) log.warn("cannot hold images", { error: messageOf(error) });
      }
    }
    await clock.sleep(PERIOD_MS, signal).catch(() => undefined);
  }
}

function referredTo(registry: Registry): Digest[] {
  const specs = [...registry.list("Release"), ...registry.list("App")].map(({ spec }) => spec.services);
  const digests = specs
    .flatMap((services) => Object.values(services))
    .flatMap(({ imageDigest }) => (imageDigest === undefined ? [] : [parseDigest(imageDigest, "a release")]));
  return [...new Set(digests)].sort();
}
