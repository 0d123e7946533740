import { spawnSync } from "node:child_process";
import { existsSync, lstatSync, readFileSync, readlinkSync } from "node:fs";
import { posix } from "node:path";
import { type FakeEntry, type FakeImage, fakeImage } from "@plinth/run/testing";

/** An image with its blobs, as layouts are written of it. */
export type Image = ReturnType<typeof fakeImage>;

export interface DebianImage {
  /** What programs are taken from. Of what they depend on, libraries are taken. */
  readonly packages: readonly string[];
  /** Added on top, or put in the place of what the packages bring. */
  readonly files?: readonly FakeEntry[];
  /** Names of users beside root; the first has the id 1000. */
  readonly users?: readonly string[];
  readonly config: NonNullable<FakeImage["config"]>;
}

const BUSYBOX = "/usr/bin/busybox";
const DPKG_QUERY = "/usr/bin/dpkg-query";
/** Dependencies that are libraries, without those of maintainers' scripts, of browsers and of PostgreSQL's JIT. */
const LIBRARY = /^(lib(?!js-|perl|llvm)|zlib)/;
/** Of no use to a program that runs: 100 MiB of documents, debugging symbols and conversions of letters. */
const LEFT_OUT =
  /^\/(usr\/share\/(?!postgresql\/|nginx\/)|usr\/(lib\/systemd|include)|lib\/systemd|etc\/init|.*(\/gconv\/|\/bitcode\/|llvmjit|\/locale\/))/;
/** Debian's folders that lead into /usr. */
const MERGED = ["bin", "lib", "lib64", "sbin"];
const FOLDERS = ["dev", "etc", "proc", "run", "sys", "tmp", "usr", "usr/bin", "var", "var/lib"];

/** Why images cannot be made of these packages here; undefined where they can. */
export function lacksPackages(packages: readonly string[]): string | undefined {
  if (!existsSync(DPKG_QUERY)) return "images are made of Debian's packages, and this is not Debian";
  const missing = [...packages, "busybox-static"].filter((name) => !installed().has(name));
  return missing.length === 0 ? undefined : `not installed: ${missing.join(", ")}`;
}

/** An image with a shell, whole packages as they are installed here, and the libraries that they need. */
export function debianImage({ packages, files = [], users = [], config }: DebianImage): Image {
  const base: FakeEntry[] = [
    ...FOLDERS.map((name): FakeEntry => ({
      name: `${name}/`,
      type: "directory",
      mode: name === "tmp" ? 0o1777 : 0o755,
    })),
    ...MERGED.flatMap((name): FakeEntry[] => [
      { name: `usr/${name}/`, type: "directory" },
      { name, type: "symlink", target: `usr/${name}` },
    ]),
    { name: "usr/bin/busybox", content: readFileSync(BUSYBOX), mode: 0o755 },
    ...applets().map((name): FakeEntry => ({ name: `usr/bin/${name}`, type: "symlink", target: "busybox" })),
  ];
  const people = users.map((name, index) => ({ name, id: 1000 + index }));
  const passwd = [
    "root:x:0:0:root:/root:/bin/sh",
    ...people.map(({ name, id }) => `${name}:x:${id}:${id}::/:/bin/sh`),
  ];
  const group = ["root:x:0:", ...people.map(({ name, id }) => `${name}:x:${id}:`)];
  const own: FakeEntry[] = [
    { name: "etc/passwd", content: lines(passwd) },
    { name: "etc/group", content: lines(group) },
    ...files,
  ];
  return fakeImage({ layers: [base, entriesOf(packages), own], config, compression: "zstd" });
}

const lines = (texts: readonly string[]): string => texts.map((text) => `${text}\n`).join("");

function query(...parameters: string[]): string {
  return spawnSync(DPKG_QUERY, parameters, { encoding: "utf8", maxBuffer: 2 ** 26 }).stdout;
}

function applets(): string[] {
  const { stdout } = spawnSync(BUSYBOX, ["--list"], { encoding: "utf8" });
  return stdout.split("\n").filter((name) => name !== "" && name !== "busybox");
}

let known: ReadonlyMap<string, readonly string[]> | undefined;

/** What each installed package depends on. */
function installed(): ReadonlyMap<string, readonly string[]> {
  known ??= new Map(
    query("--show", "--showformat", "${db:Status-Abbrev}\t${Package}\t${Pre-Depends}, ${Depends}\n")
      .split("\n")
      .filter((line) => line.startsWith("ii"))
      .map((line): [string, string[]] => {
        const [, name = "", depends = ""] = line.split("\t");
        return [name, depends.split(/[,|]/).map((each) => each.trim().split(/[ :]/)[0]!)];
      }),
  );
  return known;
}

/** Their files, and the libraries of all that they depend on. */
function entriesOf(packages: readonly string[]): FakeEntry[] {
  const all = new Set(packages);
  // A set is walked to its end also while it grows.
  for (const name of all) {
    for (const other of installed().get(name) ?? [])
      if (LIBRARY.test(other) && installed().has(other)) all.add(other);
  }
  const paths = query("--listfiles", ...all).split("\n");
  const entries = new Map<string, FakeEntry>();
  for (const path of new Set(paths)) {
    if (!path.startsWith("/") || path === "/." || LEFT_OUT.test(path)) continue;
    const entry = entryOf(path);
    if (entry !== undefined) entries.set(entry.name, entry);
  }
  return [...entries.values()];
}

function entryOf(path: string): FakeEntry | undefined {
  const [, first = "", inside] = path.split("/");
  if (MERGED.includes(first) && inside === undefined) return undefined;
  const name = `${MERGED.includes(first) ? "usr" : ""}${path}`.replace(/^\//, "");
  const found = lstatSync(path, { throwIfNoEntry: false });
  const mode = (found?.mode ?? 0) & 0o7777;
  if (found?.isSymbolicLink() === true) return { name, type: "symlink", target: readlinkSync(path) };
  if (found?.isDirectory() === true) return { name: posix.join(name, "/"), type: "directory", mode };
  return found?.isFile() === true ? { name, content: readFileSync(path), mode } : undefined;
}
