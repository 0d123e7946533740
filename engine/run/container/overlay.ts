import { call, decimal, Pointer, Slot, type Step } from "../init/step.ts";

const FSOPEN_CLOEXEC = 1;
const FSMOUNT_CLOEXEC = 1;
const FSCONFIG_SET_FLAG = 0;
const FSCONFIG_SET_STRING = 1;
const FSCONFIG_CMD_CREATE = 6;

const words: Readonly<Record<string, string>> = {
  "lowerdir+": "a layer",
  upperdir: "the layer that is written to",
  workdir: "the overlay's own directory",
};

const DESCRIPTORS = "/proc/self/fd/";

/** An overlay while it is put together: each layer by itself, so that their number is the kernel's matter only. */
export class OverlayContext {
  readonly #context: Slot = new Slot("the overlay to be");

  open(what: string): Step {
    return call(what, "fsopen", ["overlay", FSOPEN_CLOEXEC], { keep: this.#context });
  }

  /** `key` is one of overlayfs's options. */
  setPath(key: string, path: string): Step {
    return call(`take ${path} as ${words[key]}`, "fsconfig", [
      this.#context,
      FSCONFIG_SET_STRING,
      key,
      path,
      0,
    ]);
  }

  /** Takes and makes marks that an ordinary user may make, too. */
  setUserXattrs(): Step {
    return call("take marks of an ordinary user", "fsconfig", [
      this.#context,
      FSCONFIG_SET_FLAG,
      "userxattr",
      0,
      0,
    ]);
  }

  /** The same with a directory that is open. */
  setDescriptor(key: string, directory: Slot): Step[] {
    const path = Buffer.alloc(32);
    path.write(DESCRIPTORS);
    return [
      decimal(`write the path of ${directory.name}`, directory, new Pointer(path, DESCRIPTORS.length)),
      call(`take ${directory.name} as ${words[key]}`, "fsconfig", [
        this.#context,
        FSCONFIG_SET_STRING,
        key,
        path,
        0,
      ]),
    ];
  }

  /** As a mount attached nowhere yet, with flags MOUNT_ATTR_*. */
  mount(keep: Slot, attributes: number): Step[] {
    return [
      call("make the overlay", "fsconfig", [this.#context, FSCONFIG_CMD_CREATE, 0, 0, 0]),
      call("take it as a mount", "fsmount", [this.#context, FSMOUNT_CLOEXEC, attributes], { keep }),
      call("close what it was made with", "close", [this.#context]),
    ];
  }
}
