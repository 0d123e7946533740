import { call, type Label, Slot, type Step } from "../init/step.ts";
import { directoryInRoot, openInRoot } from "./in-root.ts";
import * as kernel from "./kernel.ts";
import type { MountOptions } from "./mount-options.ts";
import { attachMount, type MountPlace } from "./mount-calls.ts";
import { OverlayContext } from "./overlay.ts";

/** Of a tmpfs when its options do not say. */
const DEFAULT_MODE = 0o755;

/**
 * The option tmpcopyup: what the image has at a path is there in the tmpfs, too. Nothing is copied before it is written
 * to: the image's directory is the lower layer of an overlay, whose upper one is in the tmpfs. `mountTmpfs` mounts that
 * on a directory given by a descriptor, which it closes.
 */
export function copyUpSteps(
  path: string,
  options: MountOptions,
  { root, slots }: MountPlace,
  mountTmpfs: (point: Slot) => Step[],
): (Step | Label)[] {
  const below = new Slot("the image's directory");
  const above = new Slot("the directory that is written to");
  const work = new Slot("the overlay's own directory");
  const overlay = new OverlayContext();
  const mode = Number.parseInt(/(?:^|,)mode=([0-7]+)/.exec(options.data)?.[1] ?? "", 8) || DEFAULT_MODE;
  const find = (): Step =>
    openInRoot(`find ${path} in the container`, { root, path: `${path}/` }, { keep: slots.point });
  return [
    ...directoryInRoot({ root, path, keep: below, scratch: slots.scratch }),
    find(),
    ...mountTmpfs(slots.point),
    find(),
    ...makeIn(slots.point, "upper", mode, above),
    ...makeIn(slots.point, "work", 0o700, work),
    overlay.open(`begin an overlay of ${path} and the tmpfs`),
    ...overlay.setDescriptor("lowerdir+", below),
    ...overlay.setDescriptor("upperdir", above),
    ...overlay.setDescriptor("workdir", work),
    ...overlay.mount(slots.mount, options.set),
    attachMount(`mount the overlay on ${path}`, slots.mount, slots.point),
    ...[slots.point, slots.mount, below, above, work].map((slot) =>
      call(`close ${slot.name}`, "close", [slot]),
    ),
  ];
}

function makeIn(directory: Slot, name: string, mode: number, keep: Slot): Step[] {
  return [
    call(`make the directory ${name} in it`, "mkdirat", [directory, name, mode]),
    call(`open ${name}`, "openat", [directory, name, kernel.O_PATH | kernel.O_CLOEXEC], { keep }),
  ];
}
