import { posix } from "node:path";
import { call, Label, type Slot, type Step } from "../init/step.ts";
import type { Device } from "../oci/config.ts";
import { directoryInRoot, openInRoot, pointLike } from "./in-root.ts";
import * as kernel from "./kernel.ts";
import { attachMount, cloneMount, mountPoint, type MountPlace } from "./mount-calls.ts";

/** Devices that the specification gives to every container. */
const DEFAULT_DEVICES: readonly Device[] = [
  { path: "/dev/null", type: "c", major: 1, minor: 3 },
  { path: "/dev/zero", type: "c", major: 1, minor: 5 },
  { path: "/dev/full", type: "c", major: 1, minor: 7 },
  { path: "/dev/random", type: "c", major: 1, minor: 8 },
  { path: "/dev/urandom", type: "c", major: 1, minor: 9 },
  { path: "/dev/tty", type: "c", major: 5, minor: 0 },
];

/** Symbolic links that it gives, by where they are. */
const DEFAULT_LINKS: Readonly<Record<string, string>> = {
  fd: "/proc/self/fd",
  stdin: "/proc/self/fd/0",
  stdout: "/proc/self/fd/1",
  stderr: "/proc/self/fd/2",
  ptmx: "pts/ptmx",
};

const types: Record<Device["type"], number> = {
  c: kernel.S_IFCHR,
  u: kernel.S_IFCHR,
  b: kernel.S_IFBLK,
  p: kernel.S_IFIFO,
};

/** As mknod(2) takes it: 12 bits of the major and 20 of the minor number. */
export function deviceNumber(major: number, minor: number): number {
  return ((minor & 0xff) | ((major & 0xfff) << 8) | ((minor & 0xfff00) << 12)) >>> 0;
}

/** `mayMake`: else the host's are shown. */
export function deviceSteps(
  devices: readonly Device[],
  mayMake: boolean,
  place: MountPlace,
): (Step | Label)[] {
  const all = new Map([...DEFAULT_DEVICES, ...devices].map((device) => [mountPoint(device.path), device]));
  const made = [...all].filter(([, { type }]) => mayMake || type === "p");
  const shown = [...all].filter(([, { type }]) => !mayMake && type !== "p");
  const directories = Map.groupBy(made, ([path]) => posix.dirname(path));
  return [
    ...[...directories].flatMap(([directory, inIt]) => makeDevices(directory, inIt, place)),
    ...shown.flatMap(([path, device]) => showDevice(path, device, place)),
  ];
}

/** All of one directory. What is there already stays. */
function makeDevices(
  directory: string,
  devices: readonly (readonly [path: string, device: Device])[],
  { root, slots }: MountPlace,
): (Step | Label)[] {
  return [
    ...directoryInRoot({ root, path: directory, keep: slots.point, scratch: slots.scratch }),
    ...devices.flatMap(([path, device]) => makeDevice(path, device, slots.point)),
    call("close it", "close", [slots.point]),
  ];
}

function makeDevice(path: string, device: Device, directory: Slot): (Step | Label)[] {
  const { type, major = 0, minor = 0, fileMode = 0o666, uid = 0, gid = 0 } = device;
  const name = posix.basename(path);
  const there = new Label("there");
  const numbers = type === "p" ? "" : ` ${major}:${minor}`;
  const mode = types[type] | (fileMode & 0o7777);
  const flags = kernel.AT_SYMLINK_NOFOLLOW;
  return [
    call(
      `make ${kinds[type]} ${path}${numbers}`,
      "mknodat",
      [directory, name, mode, deviceNumber(major, minor)],
      {
        on: { EEXIST: there },
      },
    ),
    ...(uid === 0 && gid === 0
      ? []
      : [call(`give ${path} to ${uid}:${gid}`, "fchownat", [directory, name, uid, gid, flags])]),
    there,
  ];
}

const kinds: Record<Device["type"], string> = {
  c: "the character device",
  u: "the character device",
  b: "the block device",
  p: "the FIFO",
};

function showDevice(path: string, device: Device, { root, slots }: MountPlace): (Step | Label)[] {
  return [
    cloneMount(`take a copy of the mount at ${device.path}`, device.path, slots.mount, false),
    ...pointLike(slots.mount, { root, path, keep: slots.point, scratch: slots.scratch }),
    attachMount(`show the host's ${path}`, slots.mount, slots.point),
    call("close the mount point", "close", [slots.point]),
    call("close the mount", "close", [slots.mount]),
  ];
}

/** What is there already stays. */
export function deviceLinkSteps({ root, slots }: MountPlace): Step[] {
  return [
    openInRoot("find /dev in the container", { root, path: "/dev/" }, { keep: slots.point }),
    ...Object.entries(DEFAULT_LINKS).map(([name, target]) =>
      call(`link /dev/${name} to ${target}`, "symlinkat", [target, slots.point, name], {
        on: { EEXIST: "next" },
      }),
    ),
    call("close it", "close", [slots.point]),
  ];
}
