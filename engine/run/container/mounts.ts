import { posix } from "node:path";
import { Fault } from "@plinth/fault";
import { call, type Label, type Slot, type Step } from "../init/step.ts";
import type { Mount } from "../oci/config.ts";
import { cgroupSteps } from "./cgroup-mount-steps.ts";
import { copyUpSteps } from "./copy-up.ts";
import { directoryInRoot, openInRoot, pointLike } from "./in-root.ts";
import {
  attachMount,
  changeMount,
  cloneMount,
  mountHere,
  mountPoint,
  type MountPlace,
  propagationStep,
} from "./mount-calls.ts";
import { type MountOptions, parseMountOptions } from "./mount-options.ts";

export function mountSteps(mount: Mount, place: MountPlace): (Step | Label)[] {
  const options = parseMountOptions(mount.options ?? [], mount.type);
  const path = mountPoint(mount.destination);
  if ((mount.uidMappings?.length ?? 0) + (mount.gidMappings?.length ?? 0) > 0)
    throw new Fault("unsupported", `Cannot mount on ${path}: maps of ids for one mount are not supported`);
  if (options.isBind) return bindSteps(mount, path, options, place);
  if (mount.type === "cgroup") return cgroupSteps(path, options, place);
  return fileSystemSteps(mount, path, options, place);
}

/** Where a bind mount comes from, on the host. */
export const bindSource = (mount: Mount, bundle: string): string => posix.resolve(bundle, mount.source ?? "");

function bindSteps(mount: Mount, path: string, options: MountOptions, place: MountPlace): (Step | Label)[] {
  const { root, slots } = place;
  const source = bindSource(mount, place.bundle);
  const cloned = place.clones.get(mount);
  const from = cloned ?? slots.mount;
  const { set, clear, recursive, propagation } = options;
  return [
    ...(cloned === undefined
      ? [cloneMount(`take a copy of the mount at ${source}`, source, from, options.isRecursive)]
      : []),
    ...(set === 0 && clear === 0
      ? []
      : [changeMount(`set the flags of ${path} (${flagWords(mount)})`, from, { set, clear })]),
    ...(recursive.set === 0 && recursive.clear === 0
      ? []
      : [
          changeMount(`set the flags of all below ${path} (${flagWords(mount)})`, from, {
            ...recursive,
            isRecursive: true,
          }),
        ]),
    ...pointLike(from, { root, path, keep: slots.point, scratch: slots.scratch }),
    attachMount(`mount ${source} on ${path}`, from, slots.point),
    ...(propagation === undefined ? [] : [propagationStep(path, from, propagation)]),
    call("close the mount point", "close", [slots.point]),
    call("close the mount", "close", [from]),
  ];
}

const flagWords = ({ options = [] }: Mount): string => options.join(", ");

function fileSystemSteps(
  mount: Mount,
  path: string,
  options: MountOptions,
  place: MountPlace,
): (Step | Label)[] {
  const { root, slots, label } = place;
  const type = mount.type ?? "none";
  const data = [
    options.data,
    label === undefined || type === "proc" || type === "sysfs" ? "" : `context="${label}"`,
  ]
    .filter((text) => text !== "")
    .join(",");
  const mountIt = (point: Slot): Step[] =>
    mountHere(`mount ${type} on ${path}${optionWords(mount)}`, point, {
      source: mount.source ?? type,
      type,
      flags: options.flags,
      data,
    });
  if (options.copiesUp && type === "tmpfs") return copyUpSteps(path, options, place, mountIt);
  return [
    ...directoryInRoot({ root, path, keep: slots.point, scratch: slots.scratch }),
    ...mountIt(slots.point),
    ...afterMount(path, root, slots.mount, options),
  ];
}

const optionWords = (mount: Mount): string => {
  const words = flagWords(mount);
  return words === "" ? "" : ` (${words})`;
};

/** What mount(2) cannot do in one go: how it spreads, and flags for all below. */
function afterMount(path: string, root: Slot, keep: Slot, { propagation, recursive }: MountOptions): Step[] {
  const changes: Step[] = [
    ...(propagation === undefined ? [] : [propagationStep(path, keep, propagation)]),
    ...(recursive.set === 0 && recursive.clear === 0
      ? []
      : [changeMount(`set the flags of all below ${path}`, keep, { ...recursive, isRecursive: true })]),
  ];
  if (changes.length === 0) return [];
  return [
    openInRoot(`open the mount at ${path}`, { root, path: `${path}/` }, { keep }),
    ...changes,
    call("close the mount", "close", [keep]),
  ];
}
