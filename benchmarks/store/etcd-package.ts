import { execFileSync, type ExecFileSyncOptions } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { messageOf } from "@plinth/fault";
import { isInstalled } from "../programs.ts";

/** The Debian release whose package is etcd 3.5, and what its packages are signed with. */
const SUITE = "trixie";
const SOURCE = `deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian ${SUITE} main`;
/** For a list of packages of ten megabytes and one package of as many. */
const FETCH_LIMIT_MS = 120_000;

/** Where it is kept, and the program in it. */
function place(): { readonly directory: string; readonly program: string } {
  const cache = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  const directory = join(cache, "plinth", "bench", "etcd-3.5");
  return { directory, program: join(directory, "usr", "bin", "etcd") };
}

/** The one that was fetched before. */
export function keptEtcd35(): string | undefined {
  const { program } = place();
  return existsSync(program) ? program : undefined;
}

/**
 * The etcd 3.5 of Debian's next release, fetched by apt once and kept outside the checkout; nothing is installed.
 * Where there is no apt, or the archive is not reachable, undefined, having said why.
 */
export function etcd35(say: (line: string) => void): string | undefined {
  const had = keptEtcd35();
  if (had !== undefined) return had;
  if (!isInstalled("apt-get") || !isInstalled("dpkg-deb")) {
    say("etcd 3.5 cannot be fetched: there is no apt here");
    return undefined;
  }
  const { program, directory } = place();
  say(`etcd 3.5 is fetched from Debian's ${SUITE} into ${directory}`);
  const work = join(dirname(directory), `apt-${process.pid}`);
  try {
    fetch(work);
    renameSync(join(work, "root"), directory);
    return program;
  } catch (error) {
    say(`etcd 3.5 cannot be fetched: ${messageOf(error)}`);
    return undefined;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** With a configuration of its own, so that the machine's sources and lists stay as they are. */
function fetch(work: string): void {
  for (const part of ["state/lists/partial", "cache/archives/partial", "packages"])
    mkdirSync(join(work, part), { recursive: true });
  writeFileSync(join(work, "sources.list"), `${SOURCE}\n`);
  const settings = {
    "Dir::State": join(work, "state"),
    "Dir::Cache": join(work, "cache"),
    "Dir::Etc::SourceList": join(work, "sources.list"),
    "Dir::Etc::SourceParts": "-",
    "Acquire::Languages": "none",
    "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled": "false",
    // The directory is ours alone, and apt's own user cannot write to it.
    "APT::Sandbox::User": "",
  };
  const parameters = Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
  const packages = join(work, "packages");
  const options: ExecFileSyncOptions = {
    cwd: packages,
    timeout: FETCH_LIMIT_MS,
    stdio: ["ignore", "ignore", "pipe"],
  };
  execFileSync("apt-get", [...parameters, "update"], options);
  execFileSync("apt-get", [...parameters, "download", "etcd-server"], options);
  const [name] = readdirSync(packages);
  if (name === undefined) throw new Error("apt-get downloaded nothing");
  execFileSync("dpkg-deb", ["-x", join(packages, name), join(work, "root")], options);
}
