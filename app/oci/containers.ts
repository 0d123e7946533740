import { Fault } from "@plinth/fault";
import { ContainerDirectory } from "@plinth/run/oci";
import type { GlobalOptions } from "./command.ts";

export function containersOf({ root, isSystemdCgroup }: GlobalOptions): ContainerDirectory {
  if (isSystemdCgroup)
    throw new Fault("unsupported", "--systemd-cgroup is not supported: this runtime makes cgroups itself", {
      hint: 'Choose the manager of cgroups called "cgroupfs" where the runtime is configured.',
    });
  return new ContainerDirectory(root);
}
