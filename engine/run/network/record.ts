import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import type { EgressPolicy } from "./egress-policy.ts";

/** Written before anything of an instance is made in the kernel: what is made is always known. */
export interface PortRecord {
  readonly id: string;
  readonly address: string;
  readonly port: number | null;
  readonly egress: EgressPolicy;
  /** The boot it was made in; the kernel's part is gone with it. */
  readonly bootId: string;
  /** Whether all of it was made. */
  readonly complete: boolean;
}

const RECORD = "port.json";
const RESOLV_CONF = "resolv.conf";
const HOSTS = "hosts";

const directoryOf = (directory: string, id: string): string => join(directory, "ports", id);

export function writeRecord(directory: string, record: PortRecord): void {
  const own = directoryOf(directory, record.id);
  mkdirSync(own, { recursive: true, mode: 0o755 });
  replaceFile(join(own, RECORD), JSON.stringify(record));
}

export function removeRecord(directory: string, id: string): void {
  rmSync(directoryOf(directory, id), { recursive: true, force: true });
}

export function readRecords(directory: string): PortRecord[] {
  let ids: string[];
  try {
    ids = readdirSync(join(directory, "ports"));
  } catch {
    return [];
  }
  return ids.map((id) => readRecord(directory, id)).filter((record) => record !== undefined);
}

export function readRecord(directory: string, id: string): PortRecord | undefined {
  try {
    return JSON.parse(readFileSync(join(directoryOf(directory, id), RECORD), "utf8")) as PortRecord;
  } catch {
    return undefined; // a directory without a record: nothing was made yet
  }
}

/** The files an instance sees in place of the host's. An instance that runs as another user must be able to read them. */
export function writeNameFiles(
  directory: string,
  { id, address, gateway }: { readonly id: string; readonly address: string; readonly gateway: string },
): { resolvConf: string; hosts: string } {
  const own = directoryOf(directory, id);
  const resolvConf = join(own, RESOLV_CONF);
  const hosts = join(own, HOSTS);
  // Without `search .`, what follows the first dot of the host's name, or of a container's, is a domain: the world would
  // be asked for "db.example.org" before the mesh is asked for "db".
  replaceFile(resolvConf, `nameserver ${gateway}\nsearch .\noptions timeout:2 attempts:3\n`);
  replaceFile(hosts, `127.0.0.1 localhost\n::1 localhost ip6-localhost\n${address} ${hostname()}\n`);
  return { resolvConf, hosts };
}

function replaceFile(path: string, text: string): void {
  writeFileSync(`${path}.new`, text, { mode: 0o644 });
  renameSync(`${path}.new`, path);
}
