import { readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Fault } from "@plinth/fault";
import { writeFileDurably } from "@plinth/file";
import { isRunning, type ProcessIdentity, processIdentity } from "@plinth/process";
import { type Digest, isDigest } from "../digest.ts";
import { JsonObject } from "../json.ts";

/** Who must not lose what: owners that keep images over restarts, and processes at work. Read and written under a lock. */

const OWNER = /^[a-z0-9][a-z0-9.-]{0,99}$/;

export async function writeHold(directory: string, owner: string, digests: readonly Digest[]): Promise<void> {
  if (!OWNER.test(owner))
    throw new Fault("invalid", `Cannot hold images for ${JSON.stringify(owner)}: no owner's name`);
  const path = join(directory, `${owner}.json`);
  if (digests.length === 0) await rm(path, { force: true });
  else await writeFileDurably(path, JSON.stringify({ manifests: digests }));
}

/** Digests of manifests. */
export async function readHolds(directory: string): Promise<ReadonlySet<Digest>> {
  const held = new Set<Digest>();
  for (const json of await readAll(directory)) {
    for (const digest of json.texts("manifests")) if (isDigest(digest)) held.add(digest);
  }
  return held;
}

/** Blobs and layers (by diffID) that a process is about to fetch, has fetched, or reads. */
export interface WorkEntry extends AsyncDisposable {
  add(digests: Iterable<Digest>): Promise<void>;
}

let sequence = 0;
/** A file that was not whole when its process was killed. */
const HALF = ".half";

/** A crash leaves a file that tells whose it was: the next reader sees that it is nobody's. */
export function beginWork(directory: string): WorkEntry {
  const own = processIdentity(process.pid)!;
  const path = join(directory, `${process.pid}-${sequence++}.json`);
  const digests = new Set<Digest>();
  return {
    async add(more) {
      for (const each of more) digests.add(each);
      // Not synced: after a power failure nobody is at work.
      await writeFile(`${path}${HALF}`, JSON.stringify({ ...own, digests: [...digests] }), { mode: 0o600 });
      await rename(`${path}${HALF}`, path);
    },
    [Symbol.asyncDispose]: () => rm(path, { force: true }),
  };
}

/** What running processes are at; files of those that are gone are removed. */
export async function readWork(directory: string): Promise<ReadonlySet<Digest>> {
  const inUse = new Set<Digest>();
  for (const name of await readdir(directory)) {
    const path = join(directory, name);
    if (name.endsWith(HALF)) {
      await rm(path, { force: true }); // whoever wrote it held the lock that we have
      continue;
    }
    const content = await readFile(path).catch(gone);
    if (content === undefined) continue; // just done: whatever it was, it has a name by now or is nobody's
    const json = JsonObject.parse(content, path);
    const identity: ProcessIdentity = {
      pid: json.count("pid"),
      startTicks: json.count("startTicks"),
      bootId: json.text("bootId"),
    };
    if (!isRunning(identity)) await rm(path, { force: true });
    else for (const digest of json.texts("digests")) if (isDigest(digest)) inUse.add(digest);
  }
  return inUse;
}

function gone(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw error;
}

async function readAll(directory: string): Promise<JsonObject[]> {
  const found: JsonObject[] = [];
  for (const name of (await readdir(directory)).filter((each) => each.endsWith(".json"))) {
    const path = join(directory, name);
    found.push(JsonObject.parse(await readFile(path), path));
  }
  return found;
}
