import { readlinkSync } from "node:fs";
import { type Created, loadMaking } from "@plinth/run/oci";
import { containersOf } from "./containers.ts";
import type { CommandContext } from "./command.ts";
import type { Flags } from "./flag.ts";
import { UsageFault } from "./flag.ts";
import { openInitFor } from "./open-init.ts";
import { runtimeFailure } from "./runtime-failure.ts";

export interface Manner {
  readonly orphan: boolean;
  readonly stdio: readonly [number | "ignore", number | "ignore", number | "ignore"];
}

/** What `create` and `run` have in common. */
export async function createContainerOf(context: CommandContext, manner: Manner): Promise<Created> {
  const { flags, global, clock, log, words } = context;
  const containers = containersOf(global);
  const { createFromBundle, openBundle, StepFault } = await loadMaking();
  const bundle = openBundle(flags.text("bundle") ?? ".");
  using init = await openInitFor(global);
  return await createFromBundle({
    ...manner,
    ...inherited(flags),
    id: words[0]!,
    bundle,
    containers,
    init,
    clock,
    warn: (message) => log.write("warning", message),
    isRootless: global.isRootless,
    consoleSocket: flags.text("console-socket"),
    noPivot: flags.isSet("no-pivot"),
    noNewKeyring: flags.isSet("no-new-keyring"),
  }).catch((error: unknown) => {
    throw error instanceof StepFault ? runtimeFailure(error, bundle.process) : error;
  });
}

const FIRST_DESCRIPTOR = 3;
/** Sockets of a service are a handful; more is a mistake. */
const DESCRIPTORS_MAX = 256;

/** Descriptors from 3 on: those of socket activation, then those of --preserve-fds. */
export function inherited(flags: Flags): {
  readonly descriptors: readonly number[];
  readonly env: readonly string[];
} {
  const listening = Number(process.env["LISTEN_FDS"] ?? 0) || 0;
  const count = listening + (flags.count("preserve-fds") ?? 0);
  if (count > DESCRIPTORS_MAX)
    throw new UsageFault(`cannot preserve ${count} descriptors: the limit is ${DESCRIPTORS_MAX}`);
  const descriptors = Array.from({ length: count }, (_, index) => FIRST_DESCRIPTOR + index);
  const missing = descriptors.find((descriptor) => !isCallers(descriptor));
  if (missing !== undefined)
    throw new UsageFault(`cannot preserve descriptor ${missing}: it was not handed to this process`);
  return { descriptors, env: listening > 0 ? [`LISTEN_FDS=${listening}`, "LISTEN_PID=1"] : [] };
}

/** What Node opens for itself is of the kernel's nameless kinds; no caller hands these on. */
function isCallers(descriptor: number): boolean {
  try {
    return !readlinkSync(`/proc/self/fd/${descriptor}`).startsWith("anon_inode:");
  } catch {
    return false;
  }
}
