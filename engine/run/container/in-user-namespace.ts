import { messageOf } from "@plinth/fault";
import { openInit } from "../init/init-file.ts";
import { REPORT_FD } from "../init/layout.ts";
import { receiveSteps, reportStep } from "../init/report.ts";
import { runSteps, type RunStepsOptions } from "../init/run-steps.ts";
import { Block, call, type Label, Pointer, type Step } from "../init/step.ts";
import { toolPath } from "../tool-path.ts";
import { hostIdOf, subordinateIds, type SubordinateIds, type UserMaps, writeMaps } from "./id-maps.ts";
import * as kernel from "./kernel.ts";

/** Runs steps as root of a user namespace with these ids: what belongs to one of them can be made, given and removed. */
export async function runMapped(
  steps: readonly (Step | Label)[],
  { maps, ...options }: Omit<RunStepsOptions, "onWaiting"> & { readonly maps: UserMaps },
): Promise<void> {
  const enter = [
    call("make a user namespace", "unshare", [kernel.CLONE_NEWUSER]),
    ...reportStep("waiting"),
    ...receiveSteps("wait until its ids are mapped", REPORT_FD),
  ];
  await runSteps([...enter, ...steps], { ...options, onWaiting: (pid) => writeMaps(pid, maps) });
}

/** Removes a tree that belongs to several of the ids. */
export async function removeMapped(path: string, initDirectory: string, maps: UserMaps): Promise<void> {
  using init = await openInit(initDirectory);
  await runMapped([becomeTool(`remove ${path}`, [toolPath("rm"), "-rf", "--", path])], { init, maps });
}

/** The last of steps: a tool by its path and its arguments, without an environment. */
export function becomeTool(what: string, command: readonly [path: string, ...parameters: string[]]): Step {
  const words = new Block([...command.map((text) => new Pointer(text)), 0]);
  return call(what, "execve", [command[0], words, new Block([0])]);
}

/** Gives a file of the caller's to one of the ids, as a container has them. */
export async function giveMapped(
  path: string,
  { uid, gid }: { readonly uid: number; readonly gid: number },
  { maps, initDirectory }: { readonly maps: UserMaps; readonly initDirectory: string },
): Promise<void> {
  if (hostIdOf(uid, maps.uid) === process.geteuid?.() && hostIdOf(gid, maps.gid) === process.getegid?.())
    return;
  using init = await openInit(initDirectory);
  const give = call(`give ${path} to ${uid}:${gid}`, "fchownat", [
    kernel.AT_FDCWD,
    path,
    uid,
    gid,
    kernel.AT_SYMLINK_NOFOLLOW,
  ]);
  await runMapped([give], { init, maps });
}

/** Further ids of the caller, where the tools that map them do. */
export async function usableIds(initDirectory: string): Promise<SubordinateIds> {
  const ids = subordinateIds();
  if (ids.maps === undefined) return ids;
  try {
    using init = await openInit(initDirectory);
    await runMapped([], { init, maps: ids.maps });
    return ids;
  } catch (error) {
    return {
      lacks: messageOf(error),
      hint: "newuidmap(1) has to be set-uid root, and each range of /etc/subuid and /etc/subgid yours alone",
    };
  }
}
