import { readFileSync } from "node:fs";
import type { Fingerprint } from "../driver.ts";
import { fingerprintProcessDriver } from "../process/fingerprint.ts";
import { findTool } from "../tool-path.ts";
import { detectRootless, type RootlessAbility } from "./rootless.ts";
import { hasAppArmor, hasSeccomp } from "./security.ts";

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

const said = (is: boolean): string => (is ? "yes" : "no");

/** Overlayfs counts where it is loaded already, or as a module that the first mount loads. */
function hasOverlay(): boolean {
  if (/\boverlay$/m.test(read("/proc/filesystems"))) return true;
  const version = read("/proc/sys/kernel/osrelease").trim();
  return /overlay\.ko/.test(read(`/lib/modules/${version}/modules.dep`));
}

export interface ContainerFingerprint extends Fingerprint {
  /** What to do about `reason`, as one sentence. */
  readonly hint: string | undefined;
  /** Of an ordinary user; undefined as root. */
  readonly rootless: RootlessAbility | undefined;
}

/**
 * What this machine lets the container driver do. An ordinary user's containers are tried, in `directory`: what lies
 * there is what it was before.
 */
export async function fingerprintContainerDriver(directory: string): Promise<ContainerFingerprint> {
  const { attributes, limitations } = fingerprintProcessDriver();
  const rootless = process.geteuid?.() === 0 ? undefined : await detectRootless(directory);
  const overlay = rootless?.overlay ?? hasOverlay();
  const missing = [
    ...(rootless === undefined
      ? [
          ...(attributes["cgroup.writable"] === "yes" ? [] : ["no cgroup can be made"]),
          ...(overlay ? [] : ["the kernel has no overlayfs"]),
        ]
      : rootless.reason === undefined
        ? []
        : [rootless.reason]),
    ...(hasSeccomp() ? [] : ["the kernel has no seccomp"]),
  ];
  return {
    driver: "container",
    available: missing.length === 0,
    reason: missing.length === 0 ? undefined : missing.join("; "),
    hint: rootless?.hint,
    rootless,
    attributes: {
      ...attributes,
      "limit.disk": "counted",
      rootless: said(rootless !== undefined),
      "ids.subordinate": rootless === undefined ? "all" : said(rootless.ids.maps !== undefined),
      overlay: said(overlay),
      seccomp: said(hasSeccomp()),
      apparmor: said(hasAppArmor()),
      "runtime.crun": said(findTool("crun") !== undefined),
    },
    limitations,
  };
}
