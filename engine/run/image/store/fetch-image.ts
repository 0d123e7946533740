import { Fault } from "@plinth/fault";
import { algorithmOf, type Digest, digestOf } from "../digest.ts";
import { type Descriptor, type Manifest, parseManifest, type Platform } from "../manifest.ts";
import { chooseManifest, platformText } from "../platform.ts";
import type { ImageSource, ManifestContent } from "../source/source.ts";
import type { ImageConfig } from "../image-config.ts";

/** A platform's manifest as its source has it: digest and size checked. */
export interface FoundManifest {
  readonly descriptor: Descriptor;
  readonly content: Buffer;
  readonly manifest: Manifest;
  /** The index it was chosen from. */
  readonly index: { readonly digest: Digest; readonly content: Buffer } | undefined;
}

/** An index may name indexes; nobody nests them deeper. */
const INDEX_DEPTH_MAX = 3;

/** Asks a source for an image, and follows indexes to the manifest for a platform. */
export async function findManifest(
  source: ImageSource,
  digest: Digest | undefined,
  platform: Platform,
  signal: AbortSignal | undefined,
): Promise<FoundManifest> {
  let answer = await source.manifest(digest, signal);
  let wanted: { readonly digest: Digest; readonly bytes: number | undefined } = {
    digest: digest ?? digestOf(answer.content),
    bytes: undefined,
  };
  let index: FoundManifest["index"] = undefined;
  let mediaType = answer.mediaType;
  for (let depth = 0; depth <= INDEX_DEPTH_MAX; depth++) {
    check(answer, wanted, source.name);
    const where = `the manifest ${wanted.digest} of ${source.name}`;
    const parsed = parseManifest(answer.content, where, mediaType);
    if (parsed.kind === "manifest") {
      return {
        descriptor: {
          mediaType: parsed.mediaType,
          digest: wanted.digest,
          bytes: answer.content.length,
          platform: undefined,
          annotations: {},
        },
        content: answer.content,
        manifest: parsed,
        index,
      };
    }
    index ??= { digest: wanted.digest, content: answer.content };
    const chosen = chooseManifest(parsed, platform, source.name);
    answer = await source.manifest(chosen.digest, signal);
    mediaType = chosen.mediaType;
    wanted = chosen;
  }
  throw new Fault("corrupt", `Cannot use ${source.name}: its indexes lead from one to another`);
}

/** Fault `unsupported` for an image that this machine, or the platform asked for, cannot run. */
export function checkPlatform(config: ImageConfig, wanted: Platform, name: string): void {
  const { platform } = config;
  if (platform.os === wanted.os && platform.architecture === wanted.architecture) return;
  throw new Fault(
    "unsupported",
    `Cannot use ${name}: it is for ${platformText(platform)}, not ${platformText(wanted)}`,
    {
      hint: "`plinth image pull --platform` takes one for another machine.",
    },
  );
}

function check(
  { content }: ManifestContent,
  { digest, bytes }: { readonly digest: Digest; readonly bytes: number | undefined },
  name: string,
): void {
  if (bytes !== undefined && content.length !== bytes) {
    throw new Fault(
      "corrupt",
      `Cannot use ${digest} of ${name}: it has ${content.length} bytes, not ${bytes}`,
    );
  }
  if (digestOf(content, algorithmOf(digest)) !== digest) {
    throw new Fault("corrupt", `Cannot use ${digest} of ${name}: what it sends has another digest`, {
      hint: "Somebody on the way changes it, or the source is broken. Nothing of it was kept.",
    });
  }
}
