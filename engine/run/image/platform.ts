import { Fault } from "@plinth/fault";
import type { Descriptor, Index, Platform } from "./manifest.ts";

const architectures: Readonly<Record<string, string>> = {
  x64: "amd64",
  arm64: "arm64",
  arm: "arm",
  ia32: "386",
};

/** This machine's, in Go's names. */
export function hostPlatform(): Platform {
  const architecture = architectures[process.arch] ?? process.arch;
  return { os: "linux", architecture, variant: architecture === "arm64" ? "v8" : undefined };
}

/** Reads "linux/arm64" or "linux/arm/v7". Fault `invalid` for anything else. */
export function parsePlatform(text: string): Platform {
  const [os, architecture, variant, ...rest] = text.split("/");
  if (os === undefined || architecture === undefined || rest.length > 0 || text.split("/").includes("")) {
    throw new Fault("invalid", `Cannot read the platform ${JSON.stringify(text)}: expected OS/ARCHITECTURE`, {
      hint: "Such as linux/amd64, linux/arm64 or linux/arm/v7.",
    });
  }
  return { os, architecture, variant };
}

export function platformText({ os, architecture, variant }: Platform): string {
  return [os, architecture, ...(variant === undefined ? [] : [variant])].join("/");
}

/**
 * The manifest of an index for a platform: the first with its variant, else the first of its architecture. Fault
 * `not-found` that lists what there is.
 */
export function chooseManifest(index: Index, wanted: Platform, where: string): Descriptor {
  const fits = index.manifests.filter(
    ({ platform }) => platform?.os === wanted.os && platform.architecture === wanted.architecture,
  );
  const variant = fits.find(({ platform }) => sameVariant(platform!, wanted));
  const chosen = variant ?? fits.find(({ platform }) => platform!.variant === undefined) ?? fits[0];
  if (chosen !== undefined) return chosen;
  // A layout of one image often says nothing of its platform; its config does.
  const unsaid = index.manifests.filter(({ platform }) => platform === undefined);
  if (unsaid.length === 1 && index.manifests.length === 1) return unsaid[0]!;
  const there = index.manifests
    .flatMap(({ platform }) => (platform === undefined || platform.os === "unknown" ? [] : [platform]))
    .map(platformText);
  throw new Fault("not-found", `Cannot use ${where}: it has no image for ${platformText(wanted)}`, {
    hint: there.length === 0 ? "It names no platform at all." : `It has: ${there.join(", ")}.`,
  });
}

function sameVariant(platform: Platform, wanted: Platform): boolean {
  // What says nothing means v8 on arm64: there is no other.
  const unsaid = wanted.architecture === "arm64" ? "v8" : undefined;
  return (platform.variant ?? unsaid) === (wanted.variant ?? unsaid);
}
