import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { Fault, messageOf } from "@plinth/fault";
import type { IdMapping } from "../oci/config.ts";
import { findTool } from "../tool-path.ts";

/** Which ids of the machine a container's users and groups are. */
export interface UserMaps {
  readonly uid: readonly IdMapping[];
  readonly gid: readonly IdMapping[];
  /** Only newuidmap and newgidmap may write them: they hold more than the caller's own id. */
  readonly byTools: boolean;
}

/** Of a list of subordinate ids. */
export interface IdRange {
  readonly first: number;
  readonly size: number;
}

/** The kernel takes 340 lines; nobody has that many, and each costs every look at a file. */
const RANGES_MAX = 16;
/** Ids are 32 bits, and the last one stands for none. */
const ID_END = 2 ** 32 - 1;

/** The caller as `inside`, and nobody else. */
export function ownMaps(inside: { readonly uid: number; readonly gid: number }): UserMaps {
  const { uid, gid } = caller();
  return {
    uid: [{ containerID: inside.uid, hostID: uid, size: 1 }],
    gid: [{ containerID: inside.gid, hostID: gid, size: 1 }],
    byTools: false,
  };
}

/** The caller as root, and those ids as 1 and on that were given to it (subuid(5), subgid(5)). */
export function rangedMaps(uids: readonly IdRange[], gids: readonly IdRange[]): UserMaps {
  const { uid, gid } = caller();
  return { uid: ranged(uid, uids), gid: ranged(gid, gids), byTools: true };
}

function ranged(own: number, ranges: readonly IdRange[]): IdMapping[] {
  let next = 1;
  const maps: IdMapping[] = [{ containerID: 0, hostID: own, size: 1 }];
  for (const { first, size } of ranges) {
    maps.push({ containerID: next, hostID: first, size });
    next += size;
  }
  return maps;
}

function caller(): { uid: number; gid: number } {
  return { uid: process.geteuid!(), gid: process.getegid!() };
}

/** What an id of a container is on the machine; undefined where it is nobody. */
export function hostIdOf(id: number, maps: readonly IdMapping[]): number | undefined {
  const map = maps.find(({ containerID, size }) => id >= containerID && id < containerID + size);
  return map === undefined ? undefined : map.hostID + id - map.containerID;
}

/** The other way round. */
export function containerIdOf(id: number, maps: readonly IdMapping[]): number | undefined {
  const map = maps.find(({ hostID, size }) => id >= hostID && id < hostID + size);
  return map === undefined ? undefined : map.containerID + id - map.hostID;
}

/**
 * The ranges of a list that are the user's: lines "NAME:FIRST:SIZE" or "UID:FIRST:SIZE". Lines of others and lines that
 * say nothing sensible count for nothing, nor do ranges with root, with the user's own id, or with ids of an earlier one.
 */
export function ownRanges(text: string, { name, uid }: { name: string | undefined; uid: number }): IdRange[] {
  const ranges: IdRange[] = [];
  for (const line of text.split("\n")) {
    const [, owner, first, size] = /^([^:#\s][^:]*):(\d{1,10}):(\d{1,10})\s*$/.exec(line) ?? [];
    if (owner === undefined || (owner !== name && owner !== String(uid))) continue;
    const range = { first: Number(first), size: Number(size) };
    const overlaps = [{ first: 0, size: 1 }, { first: uid, size: 1 }, ...ranges].some(
      (other) => range.first < other.first + other.size && other.first < range.first + range.size,
    );
    if (range.size === 0 || range.first + range.size > ID_END || overlaps) continue;
    if (ranges.length < RANGES_MAX) ranges.push(range);
  }
  return ranges;
}

/** Further ids that a user may map, or what is missing for that. */
export type SubordinateIds =
  | { readonly maps: UserMaps; readonly lacks?: undefined }
  | { readonly maps?: undefined; readonly lacks: string; readonly hint: string };

/** Of the caller. */
export function subordinateIds(): SubordinateIds {
  const { uid } = caller();
  const user = { name: accountName(uid), uid };
  if (findTool("newuidmap") === undefined || findTool("newgidmap") === undefined)
    return {
      lacks: "newuidmap and newgidmap are not installed",
      hint: "apt-get install uidmap (shadow-utils elsewhere)",
    };
  // Both lists are of users: a group has none of its own.
  const lists = { "/etc/subuid": read("/etc/subuid"), "/etc/subgid": read("/etc/subgid") };
  const uids = ownRanges(lists["/etc/subuid"], user);
  const gids = ownRanges(lists["/etc/subgid"], user);
  if (uids.length > 0 && gids.length > 0) return { maps: rangedMaps(uids, gids) };
  const lacking = Object.keys(lists).filter((_, index) => [uids, gids][index]?.length === 0);
  const who = user.name ?? String(uid);
  const first = firstFree(Object.values(lists));
  const range = `${first}-${first + USUAL_SIZE - 1}`;
  return {
    lacks: `${lacking.join(" and ")} ${lacking.length === 1 ? "has" : "have"} no line for ${who}`,
    hint:
      user.name === undefined
        ? `Add a line "${who}:${first}:${USUAL_SIZE}" to ${lacking.join(" and to ")}`
        : `usermod --add-subuids ${range} --add-subgids ${range} ${who}`,
  };
}

/** As many as distributions give: ids of images are of 16 bits. */
const USUAL_SIZE = 65_536;
/** Below are ids of accounts. */
const FIRST_USUAL = 100_000;

/** Behind all ranges of lists. */
function firstFree(lists: readonly string[]): number {
  const ends = lists.flatMap((text) =>
    [...text.matchAll(/^[^:\n]*:(\d{1,10}):(\d{1,10})\s*$/gm)].map(
      ([, first, size]) => Number(first) + Number(size),
    ),
  );
  return Math.max(FIRST_USUAL, ...ends);
}

function accountName(uid: number): string | undefined {
  const lines = read("/etc/passwd").split("\n");
  return lines.map((line) => line.split(":")).find((fields) => fields[2] === String(uid))?.[0];
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

const run = promisify(execFile);

/** Has the maps of a process's new user namespace written, which only these tools may. Fault `unsupported`. */
export async function writeMaps(pid: number, { uid, gid }: UserMaps): Promise<void> {
  for (const [tool, maps] of [
    ["newuidmap", uid],
    ["newgidmap", gid],
  ] as const) {
    const numbers = maps.flatMap(({ containerID, hostID, size }) => [containerID, hostID, size]);
    try {
      await run(findTool(tool) ?? tool, [pid, ...numbers].map(String));
    } catch (error) {
      const said = (error as { stderr?: string }).stderr?.trim();
      throw new Fault(
        "unsupported",
        `Cannot map ids of a container: ${said === undefined || said === "" ? messageOf(error) : said}`,
        { cause: error, hint: "`plinth doctor` says what is in the way." },
      );
    }
  }
}
