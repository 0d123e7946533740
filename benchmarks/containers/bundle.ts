/** The bundle that all contenders run: BusyBox below a starter configuration, as `plinth-oci spec` writes it. */
import { copyFileSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { loadConfiguration } from "@plinth/run/oci";

/** Debian's busybox-static: one file that needs no libraries. */
const BUSYBOX = "/usr/bin/busybox";

/** An ordinary user's containers are made in a user namespace. */
export const isRootless: boolean = process.geteuid!() !== 0;

/** The newest version of the specification that crun 1.8 takes. */
const SPEC_VERSION = "1.0.2";

export function hasBusybox(): boolean {
  return existsSync(BUSYBOX);
}

/** Writes a bundle that runs `args`; returns its directory. */
export async function writeBundle(directory: string, args: readonly string[]): Promise<string> {
  const bin = join(directory, "rootfs", "bin");
  mkdirSync(bin, { recursive: true });
  copyFileSync(BUSYBOX, join(bin, "busybox"));
  for (const name of ["true", "sleep"]) symlinkSync("busybox", join(bin, name));
  for (const name of ["proc", "sys", "dev"]) mkdirSync(join(directory, "rootfs", name));
  const { starterConfig } = await loadConfiguration();
  const rootless = isRootless && { uid: process.geteuid!(), gid: process.getegid!() };
  const config = starterConfig({ rootless });
  const runs = { ...config, ociVersion: SPEC_VERSION, process: { ...config.process, args, terminal: false } };
  writeFileSync(join(directory, "config.json"), JSON.stringify(runs));
  return directory;
}
