import { readFileSync } from "node:fs";
import { SPEC_VERSION } from "@plinth/run/oci";

export function versionText(): string {
  const manifest = readFileSync(new URL("package.json", import.meta.url), "utf8");
  const { version } = JSON.parse(manifest) as { version: string };
  return `plinth-oci version ${version}\nspec: ${SPEC_VERSION}\n`;
}
