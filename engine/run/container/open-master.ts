import { closeSync, constants, fstatSync, openSync } from "node:fs";
import type { ProcessIdentity } from "@plinth/process";
import { HeldDirectory } from "../files/held-directory.ts";

const { O_NOCTTY, O_NOFOLLOW, O_NONBLOCK, O_RDWR } = constants;
/** Number of the device that makes terminals (devpts.rst): 5, 2. */
const PTMX = (5 << 8) | 2;
const ABSENT: ReadonlySet<string> = new Set(["ENOENT", "ENOTDIR", "ELOOP", "ENXIO"]);

/**
 * A new terminal's master of a container's own devpts; undefined when it has none. Each part of the path is opened by
 * itself: no link that the container made leads to a device of the host, and nothing it has put there holds us up.
 */
export function openMaster({ pid }: ProcessIdentity): number | undefined {
  try {
    using root = HeldDirectory.at(`/proc/${pid}/root`);
    using devices = root.enter("dev");
    using terminals = devices.enter("pts");
    if (terminals.stat("ptmx")?.rdev !== PTMX) return undefined;
    const master = openSync(terminals.path("ptmx"), O_RDWR | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK);
    if (fstatSync(master).rdev === PTMX) return master;
    closeSync(master);
    return undefined;
  } catch (error) {
    if (ABSENT.has((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
}
