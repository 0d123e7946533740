import { Fault } from "@plinth/fault";
import type { UserMaps } from "../../container/id-maps.ts";
import { runMapped } from "../../container/in-user-namespace.ts";
import { openInit } from "../../init/init-file.ts";
import { TABLE_BYTES_MAX, RECORD_BYTES } from "../../init/layout.ts";
import { runSteps, StepFault } from "../../init/run-steps.ts";
import { call, type Step } from "../../init/step.ts";
import { shownName } from "../tar/entry.ts";
import type { Deed, DoDeeds } from "./deeds.ts";

/** "Relative to the working directory", which absolute paths do not ask about. */
const AT_FDCWD = -100;
const AT_SYMLINK_NOFOLLOW = 0x100;
/** UTIME_OMIT: the time of the last access stays. */
const UTIME_OMIT = 0x3fff_fffe;
/** For records and what they point to; the rest of a table is for what the init adds. */
const BATCH_BYTES: number = TABLE_BYTES_MAX / 2;
/** Rounding and a zero byte behind each argument. */
const ARGUMENT_BYTES = 16;

/** Deeds done by the init, in batches: `directory` is where it is kept. */
export function deedsByInit(directory: string): DoDeeds {
  return async (deeds, maps) => {
    using init = await openInit(directory);
    for (const batch of batches(deeds)) await runBatch(batch, init, maps);
  };
}

async function runBatch(
  batch: readonly Deed[],
  init: Awaited<ReturnType<typeof openInit>>,
  maps: UserMaps | undefined,
): Promise<void> {
  const steps = batch.map(stepOf);
  try {
    await (maps === undefined ? runSteps(steps, { init }) : runMapped(steps, { init, maps }));
  } catch (error) {
    const deed = error instanceof StepFault ? batch[steps.indexOf(error.step)] : undefined;
    if (!(error instanceof StepFault) || deed === undefined) throw error;
    const name = shownName(deed.path.toString("latin1"));
    if (error.errno === "EOPNOTSUPP" || error.errno === "ENOTSUP") {
      throw new Fault("unsupported", `the file system keeps no extended attributes (${name})`, {
        cause: error,
        hint: "Put the home on ext4, xfs or btrfs.",
      });
    }
    throw new Fault(error.errno === "ENOSPC" ? "exhausted" : "unsupported", `${error.message} at ${name}`, {
      cause: error,
    });
  }
}

function* batches(deeds: readonly Deed[]): Generator<Deed[]> {
  let batch: Deed[] = [];
  let bytes = 0;
  for (const deed of deeds) {
    const more = bytesOf(deed);
    if (bytes + more > BATCH_BYTES) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(deed);
    bytes += more;
  }
  if (batch.length > 0) yield batch;
}

function bytesOf(deed: Deed): number {
  const data = deed.kind === "xattr" ? deed.value.length + deed.name.length : 2 * ARGUMENT_BYTES;
  return RECORD_BYTES + deed.path.length + data + 3 * ARGUMENT_BYTES;
}

function stepOf(deed: Deed): Step {
  const { path } = deed;
  switch (deed.kind) {
    case "node":
      // The device number as the kernel's system call takes it: 12 bits of major between 20 of minor.
      return call("make a node", "mknodat", [AT_FDCWD, path, deed.type | 0o600, deviceNumber(deed)]);
    case "owner":
      return call("give away a node", "fchownat", [AT_FDCWD, path, deed.uid, deed.gid, AT_SYMLINK_NOFOLLOW]);
    case "mode":
      return call("set a node's mode", "fchmodat", [AT_FDCWD, path, deed.mode]);
    case "xattr": {
      const { name, value } = deed;
      return call("set an extended attribute", "lsetxattr", [path, name, value, value.length, 0]);
    }
    case "times": {
      const times = Buffer.alloc(32);
      times.writeBigInt64LE(BigInt(UTIME_OMIT), 8);
      times.writeBigInt64LE(BigInt(deed.seconds), 16);
      times.writeBigInt64LE(BigInt(deed.nanoseconds), 24);
      return call("set a time", "utimensat", [AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW]);
    }
  }
}

function deviceNumber({ major, minor }: { readonly major: number; readonly minor: number }): number {
  return ((minor & 0xff) | ((major & 0xfff) << 8) | ((minor & ~0xff) << 12)) >>> 0;
}
