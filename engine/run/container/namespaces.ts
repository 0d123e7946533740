import { Fault } from "@plinth/fault";
import { call, type Label, Slot, type Step, type StepOptions } from "../init/step.ts";
import type { IdMapping, Linux, Namespace, NamespaceType } from "../oci/config.ts";
import * as kernel from "./kernel.ts";

export const NAMESPACE_FLAGS: Record<NamespaceType, number> = {
  user: kernel.CLONE_NEWUSER,
  pid: kernel.CLONE_NEWPID,
  network: kernel.CLONE_NEWNET,
  ipc: kernel.CLONE_NEWIPC,
  uts: kernel.CLONE_NEWUTS,
  cgroup: kernel.CLONE_NEWCGROUP,
  time: kernel.CLONE_NEWTIME,
  mount: kernel.CLONE_NEWNS,
};

/** Names in /proc/PID/ns; "time" and "pid" are a process's own, not those of its children. */
export const NAMESPACE_FILES: Record<NamespaceType, string> = {
  user: "user",
  pid: "pid",
  network: "net",
  ipc: "ipc",
  uts: "uts",
  cgroup: "cgroup",
  time: "time",
  mount: "mnt",
};

/** A container's namespaces by how it comes by them. */
export class Namespaces {
  readonly made: ReadonlySet<NamespaceType>;
  readonly joined: readonly { readonly type: NamespaceType; readonly path: string; readonly slot: Slot }[];

  constructor(namespaces: readonly Namespace[]) {
    const isJoined = (namespace: Namespace): boolean => namespace.path !== undefined && namespace.path !== "";
    this.made = new Set(namespaces.filter((namespace) => !isJoined(namespace)).map(({ type }) => type));
    this.joined = namespaces
      .filter((namespace) => isJoined(namespace))
      .map(({ type, path = "" }) => ({ type, path, slot: new Slot(`${type} namespace`) }));
  }

  has(type: NamespaceType): boolean {
    return this.made.has(type) || this.joined.some((namespace) => namespace.type === type);
  }

  /** What the child is made with. The cgroup namespace comes when it is in its cgroup, the time one before. */
  get cloneFlags(): number {
    return [...this.made]
      .filter((type) => type !== "cgroup" && type !== "time")
      .reduce((flags, type) => flags | NAMESPACE_FLAGS[type], 0);
  }

  /**
   * The shim's part, before it makes the child: opens what is joined, while its paths can still be reached, and joins
   * what only children are in. A joined user namespace is first: it decides on the rights to all others.
   */
  shimSteps(): Step[] {
    const inOrder = ["user", "pid", "time"].flatMap((type) => this.joined.filter((one) => one.type === type));
    return [
      ...this.joined.map(({ type, path, slot }) =>
        call(`open the ${type} namespace ${path}`, "openat", [kernel.AT_FDCWD, path, kernel.O_CLOEXEC], {
          keep: slot,
        }),
      ),
      ...inOrder.map((one) => joinStep(one)),
    ];
  }

  /** The child's part: the mount namespace last, with which paths change their meaning. */
  childSteps(): Step[] {
    const inOrder = ["network", "ipc", "uts", "cgroup", "mount"].flatMap((type) =>
      this.joined.filter((one) => one.type === type),
    );
    return inOrder.map((one) => joinStep(one));
  }
}

function joinStep({ type, path, slot }: Namespaces["joined"][number]): Step {
  return call(`join the ${type} namespace ${path}`, "setns", [slot, NAMESPACE_FLAGS[type]]);
}

/** A time namespace with its clocks set, for children only: it has to be made before the child. */
export function timeNamespaceSteps(offsets: Linux["timeOffsets"] = {}): Step[] {
  const file = new Slot("offsets of the clocks");
  const text = Object.entries(offsets)
    .map(([clock, { secs = 0, nanosecs = 0 }]) => `${clock} ${secs} ${nanosecs}\n`)
    .join("");
  return [
    call("make a time namespace", "unshare", [kernel.CLONE_NEWTIME]),
    ...(text === ""
      ? []
      : [
          call(
            "open the offsets of its clocks",
            "openat",
            [kernel.AT_FDCWD, "/proc/self/timens_offsets", kernel.O_WRONLY | kernel.O_CLOEXEC],
            { keep: file },
          ),
          call(`set them (${text.trim().replaceAll("\n", ", ")})`, "write", [file, text, text.length]),
          call("close them", "close", [file]),
        ]),
  ];
}

/** Root of a user namespace. `mayLack`: where the namespace has none, the process stays who it is. */
export function namespaceRootSteps(mayLack: boolean): Step[] {
  const options: StepOptions = mayLack ? { on: { EINVAL: "next" } } : {};
  return [
    call("become root's group in the namespace", "setresgid", [0, 0, 0], options),
    call("become root in the namespace", "setresuid", [0, 0, 0], options),
  ];
}

export interface IdMaps {
  readonly uid: readonly IdMapping[];
  readonly gid: readonly IdMapping[];
  /** What an ordinary user has to do before it may write a map of groups. */
  readonly deniesGroups: boolean;
}

/** Writes the maps of the user namespace of a process. `directory`: its directory in /proc. */
export function idMapSteps(directory: Slot, { uid, gid, deniesGroups }: IdMaps): (Step | Label)[] {
  if (uid.length === 0 || gid.length === 0)
    throw new Fault("invalid", "Cannot make a user namespace: it has no map of user or group ids");
  return [
    ...(deniesGroups ? writeSteps(directory, "setgroups", "deny", "forbid changes of its groups") : []),
    ...writeSteps(directory, "uid_map", mapText(uid), `map its user ids (${mapWords(uid)})`),
    ...writeSteps(directory, "gid_map", mapText(gid), `map its group ids (${mapWords(gid)})`),
  ];
}

const mapText = (map: readonly IdMapping[]): string =>
  map.map(({ containerID, hostID, size }) => `${containerID} ${hostID} ${size}\n`).join("");

const mapWords = (map: readonly IdMapping[]): string =>
  map.map(({ containerID, hostID, size }) => `${size} from ${containerID} to ${hostID}`).join(", ");

/** Writes a text to a file of a directory, in one go. */
export function writeSteps(directory: Slot | number, name: string, text: string, words: string): Step[] {
  const file = new Slot(name);
  return [
    call(`open ${name}, to ${words}`, "openat", [directory, name, kernel.O_WRONLY | kernel.O_CLOEXEC], {
      keep: file,
    }),
    call(words, "write", [file, text, Buffer.byteLength(text)]),
    call(`close ${name}`, "close", [file]),
  ];
}
