import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { MeshAddresses, PairAddresses } from "@plinth/discovery";
import { Fault } from "@plinth/fault";
import { writeFileDurably } from "@plinth/file";
import { createRegistry } from "@plinth/registry";
import type { ServiceSpec } from "@plinth/resource";
import { openStore } from "@plinth/store";

export interface Relocation {
  /** The restored state's directory. */
  readonly state: string;
  /** The restored settings. */
  readonly settings: string;
  /** The home that was backed up, and the one that will be. */
  readonly from: string;
  readonly to: string;
}

interface Settings {
  readonly id: string;
  readonly block: number;
  readonly subnet?: string;
  readonly portChunks: readonly number[];
}

/**
 * Makes a home's state fit another place. Kept sources are named by path. The home that was backed up may still be there
 * with its claims on the machine, so this one gets an id of its own, which its authority does not depend on, and claims
 * addresses and ports anew; nothing runs here whose environment would name the old ones.
 */
export async function relocate({ state, settings: path, from, to }: Relocation): Promise<void> {
  const { subnet, ...settings } = await readSettings(path);
  await using store = await openStore(state);
  const registry = createRegistry({ store });
  const pairs = new PairAddresses(store, settings.block);
  const mesh = subnet === undefined ? undefined : new MeshAddresses(store, subnet);
  for (const { metadata, spec } of registry.list("App")) {
    await pairs.release(metadata.name);
    await mesh?.releaseApp(metadata.name);
    const services = moved(spec.services, from, to);
    if (services !== undefined) await registry.update("App", { metadata, spec: { ...spec, services } });
  }
  for (const { metadata, spec } of registry.list("Release")) {
    const services = moved(spec.services, from, to);
    if (services !== undefined) await registry.update("Release", { metadata, spec: { ...spec, services } });
  }
  for (const { metadata, spec } of registry.list("Instance")) {
    // Those of joined hosts are theirs to report.
    if (spec.host !== undefined) continue;
    await registry.purge("Instance", metadata.name);
    await mesh?.releaseInstance(metadata.name);
  }
  const own = { ...settings, id: randomUUID(), portChunks: [] };
  await writeFileDurably(path, `${JSON.stringify(own, null, 2)}\n`);
}

async function readSettings(path: string): Promise<Settings> {
  const settings = JSON.parse(await readFile(path, "utf8")) as Partial<Settings>;
  if (typeof settings.id !== "string" || typeof settings.block !== "number") {
    throw new Fault("corrupt", "its settings are not those of a home that has been started");
  }
  return { portChunks: [], ...settings, id: settings.id, block: settings.block };
}

/** The same services with their files in the other home; undefined where there are none to move. */
function moved(
  services: Readonly<Record<string, ServiceSpec>>,
  from: string,
  to: string,
): Record<string, ServiceSpec> | undefined {
  const before = `${from}/sources/`;
  let found = false;
  const all = Object.entries(services).map(([name, spec]): [string, ServiceSpec] => {
    const { source } = spec;
    if (source?.directory.startsWith(before) !== true) return [name, spec];
    found = true;
    const directory = `${to}/sources/${source.directory.slice(before.length)}`;
    return [name, { ...spec, source: { ...source, directory } }];
  });
  return found ? Object.fromEntries(all) : undefined;
}
