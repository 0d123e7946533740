import { chmod, readdir, rm } from "node:fs/promises";
import { join } from "node:path";

/** Removes a tree whose directories may forbid it to their own owner. */
export async function removeTree(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true }).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== "EACCES") throw error;
    await openUp(directory);
    await rm(directory, { recursive: true, force: true });
  });
}

async function openUp(directory: string): Promise<void> {
  await chmod(directory, 0o700);
  for (const each of await readdir(directory, { withFileTypes: true })) {
    if (each.isDirectory()) await openUp(join(directory, each.name));
  }
}
