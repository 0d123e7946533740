import { globSync, statSync } from "node:fs";
import { join } from "node:path";
import { type Manifest, readManifest } from "./workspace.ts";

/** Bytes of all files in a folder, but for packages of its own. */
function bytesIn(directory: string): number {
  const files = globSync("**/*", { cwd: directory, exclude: ["node_modules"] });
  return files.reduce((sum, file) => {
    const stats = statSync(join(directory, file));
    return stats.isFile() ? sum + stats.size : sum;
  }, 0);
}

/** Bytes that these packages, and those they need, take here once installed. */
export function installedBytes(names: Iterable<string>): number {
  const seen = new Set(names);
  let bytes = 0;
  for (const name of seen) {
    const directory = join("node_modules", name);
    let manifest: Manifest;
    try {
      manifest = readManifest(join(directory, "package.json"));
    } catch {
      continue; // for another platform
    }
    bytes += bytesIn(directory);
    for (const next of Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies }))
      seen.add(next);
  }
  return bytes;
}
