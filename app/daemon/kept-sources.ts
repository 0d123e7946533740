import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "@plinth/clock";
import type { Registry } from "@plinth/registry";

/** A copy made this recently may belong to a deploy that is just on its way. */
const SPARED_MS = 3_600_000;

/** Removes kept copies of projects' files that no release refers to any more. */
export async function sweepKeptSources(directory: string, registry: Registry, clock: Clock): Promise<void> {
  const needed = new Set<string>();
  const specs = [...registry.list("Release"), ...registry.list("App")].map(({ spec }) => spec.services);
  for (const { source } of specs.flatMap((services) => Object.values(services))) {
    if (source?.directory.startsWith(`${directory}/`))
      needed.add(source.directory.slice(directory.length + 1).split("/")[0]!);
  }
  for (const name of await readdir(directory)) {
    if (needed.has(name)) continue;
    const path = join(directory, name);
    const { mtimeMs } = await stat(path);
    if (clock.now() - mtimeMs > SPARED_MS) await rm(path, { recursive: true, force: true });
  }
}
