import { existsSync, readFileSync } from "node:fs";
import type { Fingerprint } from "../driver.ts";
import { fingerprintProcessDriver } from "../process/fingerprint.ts";
import { findTool } from "../tool-path.ts";
import { hasAppArmor, hasSeccomp } from "./security.ts";

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

const said = (is: boolean): string => (is ? "yes" : "no");

/** Whether the kernel lets this user make user namespaces. */
function hasUserNamespaces(): boolean {
  if (!existsSync("/proc/self/ns/user")) return false;
  const forbidden = read("/proc/sys/kernel/unprivileged_userns_clone").trim() === "0";
  const most = Number(read("/proc/sys/user/max_user_namespaces").trim() || "0");
  return most > 0 && (process.getuid?.() === 0 || !forbidden);
}

/** Overlayfs counts where it is loaded already, or as a module that the first mount loads. */
function hasOverlay(): boolean {
  if (/\boverlay$/m.test(read("/proc/filesystems"))) return true;
  const version = read("/proc/sys/kernel/osrelease").trim();
  return /overlay\.ko/.test(read(`/lib/modules/${version}/modules.dep`));
}

/** What this machine lets the container driver do. Changes nothing. */
export function fingerprintContainerDriver(): Fingerprint {
  const { attributes, limitations } = fingerprintProcessDriver();
  const isRoot = process.getuid?.() === 0;
  const missing = [
    ...(isRoot ? [] : ["containers are made by root here"]),
    ...(attributes["cgroup.writable"] === "yes" ? [] : ["no cgroup can be made"]),
    ...(hasOverlay() ? [] : ["the kernel has no overlayfs"]),
    ...(hasSeccomp() ? [] : ["the kernel has no seccomp"]),
  ];
  return {
    driver: "container",
    available: missing.length === 0,
    reason: missing.length === 0 ? undefined : missing.join("; "),
    attributes: {
      ...attributes,
      "namespace.user": said(hasUserNamespaces()),
      overlay: said(hasOverlay()),
      seccomp: said(hasSeccomp()),
      apparmor: said(hasAppArmor()),
      "runtime.crun": said(findTool("crun") !== undefined),
    },
    limitations,
  };
}
