import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "@plinth/clock";
import { messageOf } from "@plinth/fault";
import type { Log } from "@plinth/log";
import type { Registry } from "@plinth/registry";

/** A copy made this recently may belong to a deploy that is just on its way. */
const SPARED_MS = 3_600_000;

/** A copy is spared this long anyway; sweeping more often would find little more. */
const SWEEP_PERIOD_MS = SPARED_MS;

export interface SweepOptions {
  readonly registry: Registry;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Removes kept copies of projects' files that no release refers to any more, now and then, until the signal. */
export async function keepSourcesSwept(
  directory: string,
  { registry, clock, log, signal }: SweepOptions,
): Promise<void> {
  while (!signal.aborted) {
    await sweepKeptSources(directory, registry, clock).catch((error: unknown) => {
      log.warn("cannot sweep kept sources", { error: messageOf(error) });
    });
    await clock.sleep(SWEEP_PERIOD_MS, signal).catch(() => undefined);
  }
}

async function sweepKeptSources(directory: string, registry: Registry, clock: Clock): Promise<void> {
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
