import { homedir } from "node:os";
import { join } from "node:path";
import { Fault } from "@plinth/fault";
import { loadMaking } from "@plinth/run/oci";
import type { GlobalOptions } from "./command.ts";

type Init = Awaited<ReturnType<Awaited<ReturnType<typeof loadMaking>>["openInit"]>>;

/** The init, from the first directory in which programs can be executed: many machines forbid it in /run. */
export async function openInitFor({ root }: GlobalOptions): Promise<Init> {
  const { openInit } = await loadMaking();
  let first: Fault | undefined;
  for (const directory of [root, ownDirectory()]) {
    try {
      return await openInit(directory);
    } catch (error) {
      if (!(error instanceof Fault) || error.code !== "unavailable") throw error;
      first ??= error;
    }
  }
  throw first!;
}

function ownDirectory(): string {
  if (process.geteuid?.() === 0) return "/var/lib/plinth-oci";
  const cache = process.env["XDG_CACHE_HOME"];
  return join(cache?.startsWith("/") === true ? cache : join(homedir(), ".cache"), "plinth");
}
