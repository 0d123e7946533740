import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fingerprintContainerDriver, type RootlessAbility } from "@plinth/run";
import { type Check, good, weak } from "./check.ts";

const REFUSED = "Services with `image` or `isolate` are refused here until then.";

/** What this machine lets containers be, and the command that mends what it does not. */
export async function containerChecks(home: string): Promise<Check[]> {
  // Without root it is tried where containers will be: whether layers can be mounted depends on the file system.
  const directory = existsSync(home) ? join(home, "init") : tmpdir();
  const { available, reason, hint, rootless, attributes } = await fingerprintContainerDriver(directory);
  const has = (name: string): boolean => attributes[name] === "yes";
  return [
    available
      ? good(
          "containers",
          `images and isolated commands can run, by Plinth's own runtime${rootless === undefined ? "" : ", without root"}`,
        )
      : weak(
          "containers",
          `images and isolated commands cannot run: ${reason ?? "unknown"}`,
          hint === undefined ? REFUSED : `${hint}. ${REFUSED}`,
          "docs/explanation/modes.md#commands-and-containers",
        ),
    ...(rootless === undefined ? [overlay(has("overlay"))] : rootlessChecks(rootless)),
    has("seccomp")
      ? good("seccomp", "system calls are filtered")
      : weak("seccomp", "the kernel filters no system calls", `It needs CONFIG_SECCOMP_FILTER. ${REFUSED}`),
    has("apparmor")
      ? good("apparmor", "profiles that are loaded can be used")
      : weak(
          "apparmor",
          "the kernel has no AppArmor, or it is off",
          "Services that name a profile are refused; apparmor=1 security=apparmor on the kernel's command line turns it on.",
        ),
    ...(rootless === undefined && has("runtime.crun")
      ? [good("runtimes", "`runtime: crun` can be chosen, too")]
      : []),
  ];
}

const overlay = (isThere: boolean): Check =>
  isThere
    ? good("overlay", "images' layers are shared by all containers of them")
    : weak("overlay", "the kernel has no overlayfs", `modprobe overlay, where it has the module. ${REFUSED}`);

function rootlessChecks({ reason, overlay: isMounted, ids }: RootlessAbility): Check[] {
  if (reason !== undefined) return [];
  return [
    weak(
      "rootless",
      "a container's root is you: its files and processes are kept apart from yours, its network is not",
      "What gets out of a container has your rights. Limits hold where `cgroups` above says so. Plinth as root (sudo plinth up) gives networks of their own, and limits that hold.",
      "docs/explanation/modes.md#containers-without-root",
    ),
    isMounted
      ? good("overlay", "images' layers are shared by all containers of them")
      : weak(
          "overlay",
          "without root, this kernel mounts no layers in this home",
          "Each container begins with a copy of its image, which takes time and room. It needs overlayfs in user namespaces (Linux 6.7) and a home on ext4, xfs or btrfs.",
        ),
    ids.maps !== undefined
      ? good("ids", "users of images are your subordinate ids")
      : weak(
          "ids",
          `images can have no user but root: ${ids.lacks}`,
          `${ids.hint}.`,
          "docs/explanation/modes.md#containers-without-root",
        ),
  ];
}
