import { lstatSync, realpathSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { sandboxSettings, type ServiceSpec, type VolumeSettings } from "@plinth/resource";
import type { TaskMount, TaskSandbox } from "@plinth/run";

/** Where things are that a sandbox is made of. */
export interface SandboxPlaces {
  /** HOME/volumes/APP. */
  readonly volumes: string;
  /** HOME/sources, where kept copies of projects are. */
  readonly sources: string;
  /** Where a command runs. */
  readonly directory: string;
  /** The folder of the runtime that is first in PATH. */
  readonly runtime: string;
  /** The folder of the instance's own socket for its identity; undefined where it has none. */
  readonly identity: string | undefined;
  /** HOME in the environment of a command. */
  readonly home: string | undefined;
}

/** Where a sandbox sees the socket for its identity. */
export const IDENTITY_DIRECTORY = "/run/plinth";
/** Room in the home folder of a command in the machine's system, which begins empty: caches, mostly. */
const HOME_BYTES: number = 64 * 2 ** 20;

/** What separates an instance from the machine; undefined for a plain process. */
export function taskSandbox(spec: ServiceSpec, places: SandboxPlaces): TaskSandbox | undefined {
  const settings = sandboxSettings(spec);
  if (settings === undefined) return undefined;
  const { volumes, ...rest } = settings;
  const identity = places.identity === undefined ? [] : [readOnly(places.identity, IDENTITY_DIRECTORY)];
  const asked = volumes.map((volume) => mountOf(volume, places.volumes));
  if (settings.system !== "host") return { ...rest, mounts: [...identity, ...asked] };
  const { home } = places;
  const hasHome =
    home !== undefined && /^\/[^/]/.test(home) && settings.tmpfs.every((one) => one.target !== home);
  return {
    ...rest,
    tmpfs: hasHome ? [...settings.tmpfs, { target: home, bytes: HOME_BYTES }] : settings.tmpfs,
    mounts: [...identity, readOnly(places.runtime), ...projectMounts(places), ...asked],
  };
}

const readOnly = (source: string, target: string = source): TaskMount => ({ source, target, readOnly: true });

function mountOf(volume: VolumeSettings, volumes: string): TaskMount {
  const { target, readOnly: isReadOnly } = volume;
  if ("path" in volume) return { source: volume.path, target, readOnly: isReadOnly };
  return { source: join(volumes, volume.name), target, readOnly: isReadOnly, isVolume: true };
}

/** The project as a command sees it: its kept copy whole, and the installed packages that the copy leads to by links. */
function projectMounts({ sources, directory }: SandboxPlaces): TaskMount[] {
  const [copy = "", ...inside] = relative(sources, directory).split(sep);
  const isKept = copy !== "" && copy !== "..";
  const root = isKept ? join(sources, copy) : directory;
  const mounts = [readOnly(root)];
  for (let depth = 0; depth <= (isKept ? inside.length : 0); depth++) {
    const modules = join(root, ...inside.slice(0, depth), "node_modules");
    if (lstatSync(modules, { throwIfNoEntry: false })?.isSymbolicLink() !== true) continue;
    mounts.push(readOnly(realpathSync(modules)));
  }
  return mounts;
}

/** The folder of a socket named as `SPIFFE_ENDPOINT_SOCKET` does, and how a sandbox names the socket. */
export function identityPlace(
  endpoint: string | undefined,
): { directory: string; inside: string } | undefined {
  const path = endpoint?.startsWith("unix://") === true ? endpoint.slice("unix://".length) : undefined;
  if (path === undefined) return undefined;
  const directory = dirname(path);
  return { directory, inside: `unix://${IDENTITY_DIRECTORY}/${relative(directory, path)}` };
}
