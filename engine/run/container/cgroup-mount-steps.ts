import { Fault } from "@plinth/fault";
import { posix } from "node:path";
import { call, type Label, type Step } from "../init/step.ts";
import type { CgroupMount } from "./cgroup-mounts.ts";
import { directoryInRoot, openInRoot } from "./in-root.ts";
import * as kernel from "./kernel.ts";
import { attachMount, changeMount, cloneMount, mountHere, type MountPlace } from "./mount-calls.ts";
import type { MountOptions } from "./mount-options.ts";

/** The machine's cgroup hierarchies, where the container is in them: on v1 and hybrid, in a tmpfs of their own. */
export function cgroupSteps(path: string, options: MountOptions, place: MountPlace): (Step | Label)[] {
  const { root, slots, cgroups } = place;
  const [first] = cgroups;
  if (first === undefined)
    throw new Fault("unsupported", `Cannot mount cgroups on ${path}: this machine has none`);
  if (cgroups.length === 1 && first.name === "") return hierarchySteps(first, path, options, place);
  const readOnly = options.flags & kernel.MS_RDONLY;
  return [
    ...directoryInRoot({ root, path, keep: slots.point, scratch: slots.scratch }),
    ...mountHere(`mount tmpfs on ${path}, for the cgroup hierarchies`, slots.point, {
      source: "tmpfs",
      type: "tmpfs",
      flags: kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC,
      data: "mode=755,size=64k",
    }),
    ...cgroups.flatMap((cgroup) => [
      ...hierarchySteps(cgroup, `${path}/${cgroup.name}`, options, place),
      ...cgroup.links.flatMap((link) => [
        openInRoot(`find ${path} in the container`, { root, path: `${path}/` }, { keep: slots.point }),
        call(`link ${path}/${link} to ${cgroup.name}`, "symlinkat", [cgroup.name, slots.point, link], {
          on: { EEXIST: "next" },
        }),
        call("close it", "close", [slots.point]),
      ]),
    ]),
    ...(readOnly === 0
      ? []
      : [
          openInRoot(`open the mount at ${path}`, { root, path: `${path}/` }, { keep: slots.mount }),
          changeMount(`make ${path} read-only`, slots.mount, { set: kernel.MOUNT_ATTR_RDONLY }),
          call("close the mount", "close", [slots.mount]),
        ]),
  ];
}

function hierarchySteps(
  cgroup: CgroupMount,
  path: string,
  options: MountOptions,
  { root, slots }: MountPlace,
): (Step | Label)[] {
  const below = posix.dirname(path);
  const point = directoryInRoot({ root, path, keep: slots.point, scratch: slots.scratch, below });
  if (cgroup.bind === undefined)
    return [
      ...point,
      ...mountHere(`mount the cgroup hierarchy "${cgroup.data || "v2"}" on ${path}`, slots.point, {
        source: "cgroup",
        type: cgroup.type,
        flags: options.flags,
        data: cgroup.type === "cgroup2" ? "" : cgroup.data,
      }),
    ];
  // Without a cgroup namespace, a hierarchy's root would be the machine's: only the container's own part is shown.
  const set = options.set | kernel.MOUNT_ATTR_NOSUID | kernel.MOUNT_ATTR_NODEV | kernel.MOUNT_ATTR_NOEXEC;
  return [
    cloneMount(`take a copy of the mount at ${cgroup.bind}`, cgroup.bind, slots.mount, false),
    changeMount(`set the flags of ${path}`, slots.mount, { set, clear: options.clear }),
    ...point,
    attachMount(`mount ${cgroup.bind} on ${path}`, slots.mount, slots.point),
    call("close the mount point", "close", [slots.point]),
    call("close the mount", "close", [slots.mount]),
  ];
}
