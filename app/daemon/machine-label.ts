import { hostname } from "node:os";

/** What this machine calls itself, as a DNS label; empty when nothing is left of it. */
export function machineLabel(): string {
  return hostname()
    .toLowerCase()
    .split(".")[0]!
    .replaceAll(/[^a-z0-9-]/g, "-")
    .slice(0, NAME_CHARACTERS_MAX)
    .replaceAll(/^-+|-+$/g, "");
}

/** As of every name. */
const NAME_CHARACTERS_MAX = 40;
