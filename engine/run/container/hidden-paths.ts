import { call, goTo, Label, type Step } from "../init/step.ts";
import { openInRoot } from "./in-root.ts";
import * as kernel from "./kernel.ts";
import {
  attachMount,
  changeMount,
  cloneMount,
  cloneMountOf,
  mountHere,
  mountPoint,
  type MountPlace,
} from "./mount-calls.ts";

/**
 * Hides files behind /dev/null and directories behind an empty, read-only tmpfs. What is not there needs no hiding, nor
 * does what this process, with more rights than any in the container will have, may not enter: an ordinary user's.
 */
export function maskSteps(path: string, { root, slots }: MountPlace): (Step | Label)[] {
  const absent = new Label("absent");
  const file = new Label("file");
  const masked = new Label("masked");
  const closed = new Label("closed to everybody here");
  const point = mountPoint(path);
  return [
    openInRoot(
      `find ${point}, to hide it`,
      { root, path: `${point}/` },
      {
        keep: slots.point,
        on: { ENOENT: absent, ENOTDIR: file, EACCES: absent },
      },
    ),
    ...mountHere(
      `hide the directory ${point} behind an empty one`,
      slots.point,
      { source: "tmpfs", type: "tmpfs", flags: kernel.MS_RDONLY, data: "size=0k,nr_inodes=1" },
      { on: { EACCES: closed } },
    ),
    goTo("it is hidden", masked),
    closed,
    call("close the mount point", "close", [slots.point]),
    goTo("it needs no hiding", absent),
    file,
    openInRoot(
      `find the file ${point}, to hide it`,
      { root, path: point },
      { keep: slots.point, on: { ENOENT: absent, ENOTDIR: absent } },
    ),
    cloneMount("take a copy of the mount at /dev/null", "/dev/null", slots.mount, false),
    attachMount(`hide the file ${point} behind /dev/null`, slots.mount, slots.point),
    call("close the mount point", "close", [slots.point]),
    call("close the mount", "close", [slots.mount]),
    masked,
    absent,
  ];
}

/** What is not there needs no protection. */
export function readOnlySteps(path: string, { root, slots }: MountPlace): (Step | Label)[] {
  const absent = new Label("absent");
  const point = mountPoint(path);
  return [
    openInRoot(
      `find ${point}, to make it read-only`,
      { root, path: point },
      {
        keep: slots.point,
        on: { ENOENT: absent, ENOTDIR: absent },
      },
    ),
    cloneMountOf(`take a copy of the mount at ${point}`, slots.point, slots.mount, true),
    changeMount(`make ${point} read-only`, slots.mount, { set: kernel.MOUNT_ATTR_RDONLY, isRecursive: true }),
    attachMount(`mount ${point} over itself, read-only`, slots.mount, slots.point),
    call("close the mount point", "close", [slots.point]),
    call("close the mount", "close", [slots.mount]),
    absent,
  ];
}
