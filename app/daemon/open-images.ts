import { join } from "node:path";
import type { Clock } from "@plinth/clock";
import { type ImageStore, openImageStore, usualCredentialFiles } from "@plinth/run";
import { homePaths } from "./home-paths.ts";

/** Opens the images of a home, with what registries are shown: the home's own credentials, else those of its owner. */
export function openHomeImages(home: string, clock: Clock): Promise<ImageStore> {
  return openImageStore(homePaths(home).images, {
    clock,
    registry: { credentialFiles: [join(home, "registry-auth.json"), ...usualCredentialFiles(process.env)] },
  });
}
