import { execFile } from "node:child_process";
import {
  chmodSync,
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";
import { promisify } from "node:util";
import type { Clock } from "@plinth/clock";
import { Fault, messageOf } from "@plinth/fault";
import type { AppSpec, ServiceSpec } from "@plinth/resource";
import { contentsOf, fingerprint, visibleTo } from "./fingerprint.ts";
import { type Entry, isInside, listProject } from "./listing.ts";

export interface KeptSource {
  /** The spec with a `source` for every service whose files are kept. */
  readonly spec: AppSpec;
  /** What is not kept, and what that means. */
  readonly notes: readonly string[];
}

export interface KeepOptions {
  readonly clock: Clock;
  readonly home: string;
  /** The config file: an edit of it alone changes no service's files. */
  readonly file: string;
  /** False: only fingerprint, as `plan` does. Default: true. */
  readonly copy?: boolean;
}

/** Copies the project into the home, addressed by its content, so that a release's files never change. */
export async function keepSource(spec: AppSpec, options: KeepOptions): Promise<KeptSource> {
  const project = dirname(options.file);
  const home = existsSync(options.home) ? realpathSync(options.home) : options.home;
  const { inside, outside } = divide(spec, project);
  const notes = outside.map(
    (service) =>
      `${service}: its cwd is outside ${project}; it runs in place, and a rollback will not bring its files back`,
  );
  if (inside.size === 0) return { spec, notes };
  try {
    const { entries, tooLarge } = listProject(project, home);
    if (tooLarge !== undefined) {
      notes.push(
        `${project} has ${tooLarge}; services run in place, and a rollback will not bring their files back`,
      );
      return { spec, notes };
    }
    const kept =
      options.copy === false ? planned(project, entries, home) : await copyOf(project, entries, home);
    if (options.copy !== false) touch(kept.directory, options.clock);
    return { spec: withSources(spec, inside, entries, kept, relative(project, options.file)), notes };
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOSPC" || code === "EDQUOT") {
      throw new Fault("exhausted", `Cannot keep a copy of ${project} in ${home}: the disk is full`, {
        cause: error,
        hint: "Make room (`plinth doctor` says how much there is), or choose a home on another disk with --home.",
      });
    }
    if (code === undefined) throw error;
    // A file that cannot be read, or was removed while it was being copied.
    notes.push(`${project} could not be copied (${messageOf(error)}); services run in place`);
    return { spec, notes };
  }
}

/** Services' directories relative to the project; those that lie elsewhere apart. */
function divide(spec: AppSpec, project: string): { inside: Map<string, string>; outside: string[] } {
  const inside = new Map<string, string>();
  const outside: string[] = [];
  for (const [service, { cwd, store, image, address }] of Object.entries(spec.services)) {
    if (store === true || image !== undefined || address !== undefined) continue; // has none of the project's files
    const directory = realpathSync(cwd ?? project);
    if (isInside(project, directory)) inside.set(service, relative(project, directory));
    else outside.push(service);
  }
  return { inside, outside };
}

interface Kept {
  readonly directory: string;
  readonly contents: ReadonlyMap<string, string>;
}

/** Where a copy would be. */
function planned(project: string, entries: readonly Entry[], home: string): Kept {
  const contents = contentsOf(project, entries);
  return { directory: join(home, "sources", fingerprint(entries, contents)), contents };
}

/** What cleans up old copies leaves recent ones alone: a release that names this one may be on its way. */
function touch(directory: string, clock: Clock): void {
  const seconds = clock.now() / 1000;
  utimesSync(directory, seconds, seconds);
}

async function copyOf(project: string, entries: readonly Entry[], home: string): Promise<Kept> {
  const existing = planned(project, entries, home);
  if (existsSync(existing.directory)) return existing;

  const sources = join(home, "sources");
  mkdirSync(sources, { recursive: true, mode: 0o700 });
  const temporary = mkdtempSync(join(sources, ".new-"));
  // An isolated command may be another user's, and sees the copy alone; the home keeps all others out.
  chmodSync(temporary, 0o755);
  try {
    for (const { path, type, mode, target } of entries) {
      const destination = join(temporary, path);
      if (type === "directory") mkdirSync(destination, { mode: mode | 0o700 });
      else if (type === "link") symlinkSync(target, destination);
      else copyFileSync(join(project, path), destination, constants.COPYFILE_FICLONE);
    }
    // Files may have been edited meanwhile: what was copied is what counts.
    const copied = contentsOf(temporary, entries);
    const final = join(sources, fingerprint(entries, copied));
    await syncFiles(temporary);
    putInPlace(temporary, final);
    return { directory: final, contents: copied };
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

function putInPlace(temporary: string, final: string): void {
  try {
    renameSync(temporary, final);
  } catch (error) {
    // Somebody else has put the same content there.
    if (!existsSync(final)) throw error;
  }
}

/** A release in the store must not outlive its files in a power failure. */
async function syncFiles(directory: string): Promise<void> {
  try {
    // One call for the whole file system: syncing thousands of files one by one takes seconds.
    await promisify(execFile)("sync", ["--file-system", directory]);
  } catch {
    // Without coreutils' sync the kernel writes them within half a minute.
  }
}

function withSources(
  spec: AppSpec,
  directories: ReadonlyMap<string, string>,
  entries: readonly Entry[],
  kept: Kept,
  configFile: string,
): AppSpec {
  const files = entries.filter(({ path }) => path !== configFile);
  const services: Record<string, ServiceSpec> = {};
  for (const [service, settings] of Object.entries(spec.services)) {
    const own = directories.get(service);
    if (own === undefined) {
      services[service] = settings;
      continue;
    }
    const digest = `sha256:${fingerprint(visibleTo(service, directories, files), kept.contents)}`;
    services[service] = { ...settings, source: { directory: join(kept.directory, own), digest } };
  }
  return { ...spec, services };
}
