import { readFileSync } from "node:fs";
import { Fault, messageOf } from "@plinth/fault";
import type { LinuxSeccomp } from "../oci/config.ts";

/** A profile of a file, in OCI's JSON. */
export function readSeccompProfile(path: string): LinuxSeccomp {
  try {
    const profile = JSON.parse(readFileSync(path, "utf8")) as LinuxSeccomp;
    if (typeof profile.defaultAction !== "string") throw new Error("it has no defaultAction");
    return profile;
  } catch (error) {
    throw new Fault("invalid", `Cannot read the seccomp profile ${path}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** Whether this kernel filters system calls. */
export function hasSeccomp(): boolean {
  return read("/proc/sys/kernel/seccomp/actions_avail").includes("errno");
}

export function hasAppArmor(): boolean {
  return read("/sys/module/apparmor/parameters/enabled").trim() === "Y";
}

/** Throws a Fault unless this machine has loaded the profile: what cannot be enforced is refused. */
export function checkAppArmor(profile: string): void {
  if (!hasAppArmor()) {
    throw new Fault(
      "unsupported",
      `Cannot hold to AppArmor profile "${profile}": this kernel has no AppArmor`,
      {
        hint: 'Leave "apparmor" out, or boot with apparmor=1 security=apparmor where the kernel has it.',
      },
    );
  }
  const loaded = read("/sys/kernel/security/apparmor/profiles")
    .split("\n")
    .map((line) => line.replace(/ \(\w+\)$/, ""));
  if (loaded.includes(profile)) return;
  throw new Fault("unsupported", `Cannot hold to AppArmor profile "${profile}": it is not loaded here`, {
    hint: `apparmor_parser -r /etc/apparmor.d/${profile} loads one.`,
  });
}
