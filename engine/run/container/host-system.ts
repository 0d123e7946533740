import { lstatSync, mkdirSync, readlinkSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import type { Mount } from "../oci/config.ts";
import { bind } from "./config.ts";

/** Where a Linux keeps its programs and their settings. Not among them: what people and services keep. */
const SYSTEM: readonly string[] = [
  "/usr",
  "/bin",
  "/sbin",
  "/lib",
  "/lib32",
  "/lib64",
  "/libx32",
  "/etc",
  "/opt",
  "/nix",
];
/** Folders that programs expect to be there. */
const EMPTY: readonly string[] = ["/proc", "/sys", "/dev", "/tmp", "/run", "/var", "/var/tmp", "/root"];
/** Room for what is thrown away at the end; it counts as the task's memory. */
const TEMPORARY_BYTES: number = 256 * 2 ** 20;
const RUN_BYTES: number = 16 * 2 ** 20;

/** Makes, in an empty directory, what a read-only view of the machine's system is mounted on. */
export function makeHostSystem(root: string): Mount[] {
  mkdirSync(root, { recursive: true, mode: 0o755 });
  const mounts: Mount[] = [];
  for (const path of SYSTEM) {
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found === undefined) continue;
    const inside = join(root, path);
    // /bin is a link to usr/bin on most machines: it is one in here, too.
    if (found.isSymbolicLink()) {
      if (lstatSync(inside, { throwIfNoEntry: false }) === undefined) symlinkSync(readlinkSync(path), inside);
    } else if (found.isDirectory()) {
      mkdirSync(inside, { recursive: true, mode: 0o755 });
      mounts.push(bind({ source: path, target: path, readOnly: true }));
    }
  }
  for (const path of EMPTY) mkdirSync(join(root, path), { recursive: true, mode: 0o755 });
  mounts.push(
    temporary("/tmp", TEMPORARY_BYTES, "1777"),
    temporary("/var/tmp", TEMPORARY_BYTES, "1777"),
    temporary("/run", RUN_BYTES, "755"),
  );
  return mounts;
}

function temporary(destination: string, bytes: number, mode: string): Mount {
  const options = ["nosuid", "nodev", `mode=${mode}`, `size=${bytes}`];
  return { destination, type: "tmpfs", source: "tmpfs", options };
}
