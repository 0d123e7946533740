import { CAPABILITY_NAMES } from "../container/capabilities.ts";
import { MOUNT_OPTION_NAMES } from "../container/mount-options.ts";
import { ARCHITECTURE_NAMES } from "./seccomp/architecture.ts";
import { SECCOMP_FLAG_NAMES } from "./seccomp/flags.ts";
import { SPEC_VERSION } from "./spec-version.ts";

/** What this runtime can do, as features.md of the specification lays it out. */
export function features(): object {
  return {
    ociVersionMin: "1.0.0",
    ociVersionMax: SPEC_VERSION,
    hooks: ["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"],
    mountOptions: MOUNT_OPTION_NAMES,
    linux: {
      namespaces: ["cgroup", "ipc", "mount", "network", "pid", "time", "user", "uts"],
      capabilities: CAPABILITY_NAMES,
      cgroup: { v1: true, v2: true, systemd: false, systemdUser: false, rdma: true },
      seccomp: {
        enabled: true,
        actions: [
          "SCMP_ACT_ALLOW",
          "SCMP_ACT_ERRNO",
          "SCMP_ACT_KILL",
          "SCMP_ACT_KILL_PROCESS",
          "SCMP_ACT_KILL_THREAD",
          "SCMP_ACT_LOG",
          "SCMP_ACT_TRACE",
          "SCMP_ACT_TRAP",
        ],
        operators: [
          "SCMP_CMP_EQ",
          "SCMP_CMP_GE",
          "SCMP_CMP_GT",
          "SCMP_CMP_LE",
          "SCMP_CMP_LT",
          "SCMP_CMP_MASKED_EQ",
          "SCMP_CMP_NE",
        ],
        archs: ARCHITECTURE_NAMES,
        knownFlags: SECCOMP_FLAG_NAMES,
        supportedFlags: SECCOMP_FLAG_NAMES,
      },
      apparmor: { enabled: true },
      selinux: { enabled: true },
      intelRdt: { enabled: false },
    },
  };
}
