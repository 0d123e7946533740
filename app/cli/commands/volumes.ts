import { lstat, opendir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { homePaths } from "@plinth/daemon";
import { Fault } from "@plinth/fault";
import { volumesOf } from "@plinth/resource";
import type { Context } from "../command.ts";
import { fileFault } from "../file-fault.ts";
import { columns } from "../terminal/columns.ts";
import { plainLine } from "../terminal/plain-text.ts";
import { sizeText } from "../terminal/quantities.ts";

interface Volume {
  /** "APP/NAME". */
  readonly name: string;
  readonly directory: string;
  /** Services of the app that name it. */
  readonly services: readonly string[];
}

export async function run(context: Context): Promise<void> {
  const volumes = await volumesIn(context);
  await (context.words[1] === "rm" ? remove(context, volumes) : list(context, volumes));
}

async function list({ output, json, signal }: Context, volumes: readonly Volume[]): Promise<void> {
  const rows: (Volume & { readonly bytes: number })[] = [];
  for (const volume of volumes) rows.push({ ...volume, bytes: await bytesBelow(volume.directory, signal) });
  if (json) return output.json(rows);
  if (rows.length === 0)
    return output.note("No volumes. A service of an image has them by `volumes: { data: /data }`.");
  const lines = columns(
    rows,
    [
      { title: "VOLUME", text: ({ name }) => plainLine(name) },
      { title: "SIZE", text: ({ bytes }) => sizeText(bytes), right: true },
      { title: "USED BY", text: ({ services }) => (services.length === 0 ? "-" : services.join(", ")) },
    ],
    output.stdout,
  );
  for (const line of lines) output.result(line);
}

async function remove(context: Context, volumes: readonly Volume[]): Promise<void> {
  const { output, json } = context;
  const wanted = context.many("VOLUME").map((name) => {
    const volume = volumes.find((each) => each.name === name);
    if (volume === undefined) {
      throw new Fault("not-found", `Cannot find volume ${JSON.stringify(name)} in this home`, {
        hint: "`plinth volumes ls` shows those that are here.",
      });
    }
    if (volume.services.length > 0) {
      const [app = ""] = name.split("/");
      throw new Fault(
        "conflict",
        `Cannot remove volume "${name}": ${volume.services.join(", ")} of ${app} may write to it`,
        {
          hint: `Take it out of the config and deploy, or end the app: plinth down ${app}`,
        },
      );
    }
    return volume;
  });
  for (const { name, directory } of wanted) {
    await rm(directory, { recursive: true }).catch((error: unknown) => {
      throw fileFault(error, `Cannot remove volume "${name}"`);
    });
    if (!json) output.result(`${name} is removed`);
  }
  if (json) output.json(wanted.map(({ name }) => ({ name, removed: true })));
}

/** Those of apps that are gone, too. */
async function volumesIn({ client, home, signal }: Context): Promise<Volume[]> {
  const { volumes: directory } = homePaths(home);
  // Asked first: what a deploy makes meanwhile is not listed rather than shown as nobody's.
  const names: string[] = [];
  for (const app of await namesIn(directory)) {
    for (const name of await namesIn(join(directory, app))) names.push(`${app}/${name}`);
  }
  const users = new Map<string, string[]>(names.map((name) => [name, []]));
  for (const { metadata, spec } of (await client.list("App", { signal })).items) {
    for (const [service, settings] of Object.entries(spec.services)) {
      for (const volume of volumesOf(settings)) {
        if ("name" in volume) users.get(`${metadata.name}/${volume.name}`)?.push(service);
      }
    }
  }
  return [...users].map(([name, services]) => ({ name, directory: join(directory, name), services }));
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return (await readdir(directory)).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw fileFault(error, `Cannot read "${directory}"`);
  }
}

/** What its files take on the disk; files that go meanwhile count for nothing. */
async function bytesBelow(directory: string, signal: AbortSignal): Promise<number> {
  let bytes = 0;
  for await (const entry of await opendir(directory, { recursive: true })) {
    signal.throwIfAborted();
    const stats = await lstat(join(entry.parentPath, entry.name)).catch(() => undefined);
    bytes += (stats?.blocks ?? 0) * BLOCK_BYTES;
  }
  return bytes;
}

/** stat(2) counts in these, whatever the file system's are. */
const BLOCK_BYTES = 512;
