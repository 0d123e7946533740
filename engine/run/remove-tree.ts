import { chmod, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { subordinateIds } from "./container/id-maps.ts";
import { removeMapped } from "./container/in-user-namespace.ts";

/**
 * Removes a tree whose directories may forbid it to their own owner, or belong to subordinate ids of the caller.
 * `initDirectory`: where the init is kept, which becomes root of those.
 */
export async function removeTree(directory: string, initDirectory: string): Promise<void> {
  try {
    await rm(directory, { recursive: true, force: true });
  } catch (error) {
    if (!isRefused(error)) throw error;
    const { maps } = subordinateIds();
    if (maps !== undefined) return await removeMapped(directory, initDirectory, maps);
    await openUp(directory);
    await rm(directory, { recursive: true, force: true });
  }
}

async function openUp(directory: string): Promise<void> {
  await chmod(directory, 0o700);
  for (const each of await readdir(directory, { withFileTypes: true })) {
    if (each.isDirectory()) await openUp(join(directory, each.name));
  }
}

const isRefused = (error: unknown): boolean =>
  ["EACCES", "EPERM"].includes((error as NodeJS.ErrnoException).code ?? "");
