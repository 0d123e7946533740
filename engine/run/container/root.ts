import { call, Label, Slot, type Step } from "../init/step.ts";
import type { Overlay } from "./container.ts";
import * as kernel from "./kernel.ts";
import { attachMount, changeMount, cloneMount } from "./mount-calls.ts";
import { OverlayContext } from "./overlay.ts";

/** What is mounted from now on in our namespace is not seen by the host; `propagation` is MS_SLAVE and so on. */
export function isolateMounts(propagation: number): Step {
  return call("keep mounts from spreading to the host", "mount", ["none", "/", 0, propagation, 0]);
}

/** The root as a mount attached nowhere yet: a copy of that at `path`, or an overlay of layers. */
export function makeRootSteps(path: string, root: Slot, overlay: Overlay | undefined): (Step | Label)[] {
  if (overlay === undefined) return [cloneMount(`take a copy of the mount at ${path}`, path, root, true)];
  return overlaySteps(root, overlay);
}

function overlaySteps(root: Slot, { lower, upper, work, xattrs }: Overlay): Step[] {
  const overlay = new OverlayContext();
  return [
    overlay.open("begin an overlay of the image's layers"),
    ...lower.map((layer) => overlay.setPath("lowerdir+", layer)),
    overlay.setPath("upperdir", upper),
    overlay.setPath("workdir", work),
    ...(xattrs === "user" ? [overlay.setUserXattrs()] : []),
    // Device nodes in an image open nothing.
    ...overlay.mount(root, kernel.MOUNT_ATTR_NODEV),
  ];
}

/** Attaches the root where only this mount namespace sees it. */
export function attachRootSteps(path: string, root: Slot): Step[] {
  const point = new Slot("where the root is mounted");
  return [
    call(`find ${path}`, "openat", [kernel.AT_FDCWD, path, kernel.O_PATH | kernel.O_CLOEXEC], {
      keep: point,
    }),
    attachMount(`mount the root on ${path}`, root, point),
    call("close it", "close", [point]),
  ];
}

/** The old root is mounted over the new one for a moment, then is gone: there is no place for it to be found at. */
export function pivotSteps(root: Slot): Step[] {
  const old = new Slot("the old root");
  return [
    call("open the host's root", "openat", [kernel.AT_FDCWD, "/", kernel.O_PATH | kernel.O_CLOEXEC], {
      keep: old,
    }),
    call("go to the container's root", "fchdir", [root]),
    call("make it the root", "pivot_root", [".", "."]),
    call("go to the host's root", "fchdir", [old]),
    call("keep what follows from the host", "mount", ["none", ".", 0, kernel.MS_SLAVE | kernel.MS_REC, 0]),
    call("unmount the host's root", "umount2", [".", kernel.MNT_DETACH]),
    call("close it", "close", [old]),
    call("go to the root", "chdir", ["/"]),
  ];
}

/** For roots that pivot_root(2) does not take: those of an initramfs. */
export function moveRootSteps(root: Slot): Step[] {
  return [
    call("go to the container's root", "fchdir", [root]),
    call("move it over the host's root", "mount", [".", "/", 0, kernel.MS_MOVE, 0]),
    call("make it the root", "chroot", ["."]),
    call("go to the root", "chdir", ["/"]),
  ];
}

/** The shim's, and so its child's: what is mounted from now on is in a namespace that ends with them. */
export function leaveMountsSteps(outside: Slot): Step[] {
  return [
    call(
      "remember the mounts of whoever creates it",
      "openat",
      [kernel.AT_FDCWD, "/proc/self/ns/mnt", kernel.O_CLOEXEC],
      {
        keep: outside,
      },
    ),
    call("have mounts of its own", "unshare", [kernel.CLONE_NEWNS]),
  ];
}

/** Among the mounts of whoever creates it again, with a root that is not one of them. */
export function returnSteps(root: Slot, outside: Slot): Step[] {
  return [
    call("return to the mounts of whoever creates it", "setns", [outside, kernel.CLONE_NEWNS]),
    call("close them", "close", [outside]),
    call("go to the container's root", "fchdir", [root]),
    call("make it the root", "chroot", ["."]),
    call("go to the root", "chdir", ["/"]),
  ];
}

export function readOnlyRoot(root: Slot): Step {
  return changeMount("make the root read-only", root, { set: kernel.MOUNT_ATTR_RDONLY });
}
