import { fingerprintContainerDriver } from "@plinth/run";
import { type Check, good, weak } from "./check.ts";

const REFUSED = "Services with `image` or `isolate` are refused here until then.";

/** What this machine lets containers be, and the command that mends what it does not. */
export function containerChecks(): Check[] {
  const { available, reason, attributes } = fingerprintContainerDriver();
  const has = (name: string): boolean => attributes[name] === "yes";
  return [
    available
      ? good("containers", "images and isolated commands can run, by Plinth's own runtime")
      : weak(
          "containers",
          `images and isolated commands cannot run: ${reason ?? "unknown"}`,
          process.getuid?.() === 0 ? REFUSED : `Run Plinth as root (sudo plinth up). ${REFUSED}`,
        ),
    has("overlay")
      ? good("overlay", "images' layers are shared by all containers of them")
      : weak(
          "overlay",
          "the kernel has no overlayfs",
          `modprobe overlay, where it has the module. ${REFUSED}`,
        ),
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
    has("namespace.user")
      ? good("user namespaces", "can be made")
      : weak(
          "user namespaces",
          "cannot be made",
          "Only rootless bundles of plinth-oci need them: sysctl -w user.max_user_namespaces=15000, and kernel.unprivileged_userns_clone=1 where there is such a setting.",
        ),
    ...(has("runtime.crun") ? [good("runtimes", "`runtime: crun` can be chosen, too")] : []),
  ];
}
