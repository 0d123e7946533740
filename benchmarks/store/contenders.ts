import { mkdirSync, mkdtempSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { accepting, type Children } from "../children.ts";
import { isInstalled, versionOf } from "../programs.ts";
import { etcd35, keptEtcd35 } from "./etcd-package.ts";

export const PORT = 27_900;
const PEER_PORT = 27_901;
const LAUNCHER: string = new URL("../../app/cli/plinth", import.meta.url).pathname;
/** A store of a million keys may take long, and then the figure says so. */
const START_PATIENCE_MS = 60_000;
const TMPFS_MAGIC = 0x0102_1994;

export interface Contender {
  readonly name: string;
  /** Starts it on a directory; its pid. */
  start(children: Children, directory: string): number;
}

export const plinth: Contender = {
  name: "plinth",
  start(children, directory) {
    const parameters = ["store", "serve", "--data-dir", directory];
    parameters.push("--listen-client-urls", `http://127.0.0.1:${PORT}`);
    return children.start("sh", LAUNCHER, ...parameters).pid!;
  },
};

/** As anybody runs it, but for what it writes about itself. */
function etcd(name: string, program: string): Contender {
  return {
    name,
    start(children, directory) {
      const client = `http://127.0.0.1:${PORT}`;
      const peer = `http://127.0.0.1:${PEER_PORT}`;
      const parameters = [
        ["--data-dir", directory],
        ["--listen-client-urls", client],
        ["--advertise-client-urls", client],
        ["--listen-peer-urls", peer],
        ["--initial-advertise-peer-urls", peer],
        ["--initial-cluster", `default=${peer}`],
        ["--logger", "zap"],
        ["--log-level", "error"],
      ];
      return children.start(program, ...parameters.flat()).pid!;
    },
  };
}

export interface Rivals {
  /** Debian 12's. */
  readonly etcd34: Contender | undefined;
  readonly etcd35: Contender | undefined;
  readonly versions: Readonly<Record<string, string>>;
}

export function findRivals(say: (line: string) => void): Rivals {
  const versions: Record<string, string> = {};
  const find = (name: string, minor: string, program: string | undefined): Contender | undefined => {
    if (program === undefined) return undefined;
    const version = versionOf(program) ?? "unknown";
    versions[name] = version;
    if (version.startsWith(`${minor}.`)) return etcd(name, program);
    say(`${program} is ${version}, not ${minor}: it is not measured`);
    return undefined;
  };
  return {
    etcd34: find("etcd 3.4", "3.4", isInstalled("etcd") ? "etcd" : undefined),
    etcd35: find("etcd 3.5", "3.5", etcd35(say)),
    versions,
  };
}

/** The newest that is here, whichever that is; nothing is fetched. */
export function anyEtcd(): { readonly contender: Contender; readonly version: string } | undefined {
  const program = keptEtcd35() ?? (isInstalled("etcd") ? "etcd" : undefined);
  return program === undefined
    ? undefined
    : { contender: etcd("etcd", program), version: versionOf(program) ?? "" };
}

/** Starts a contender on an empty or used directory, and waits until it takes connections. */
export async function serving(contender: Contender, children: Children, directory: string): Promise<number> {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const pid = contender.start(children, directory);
  await accepting(PORT, START_PATIENCE_MS);
  return pid;
}

/** A directory of its own where data is synced to a disk: in memory that would cost nothing. */
export function diskDirectory(): string {
  const isMemory = (path: string): boolean => statfsSync(path).type === TMPFS_MAGIC;
  const place = [tmpdir(), "/var/tmp"].find((path) => !isMemory(path));
  if (place === undefined) throw new Error(`${tmpdir()} and /var/tmp are in memory: set TMPDIR to a disk's`);
  return mkdtempSync(join(place, "plinth-bench-data-"));
}
