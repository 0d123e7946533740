import { resolve } from "node:path";
import { loadConfiguration, loadMaking, type Process } from "@plinth/run/oci";
import { Fault } from "@plinth/fault";
import type { RunCommand } from "../command.ts";
import { containersOf } from "../containers.ts";
import { inherited } from "../create-container.ts";
import { type Flags, UsageFault } from "../flag.ts";
import { runtimeFailure } from "../runtime-failure.ts";
import { openInitFor } from "../open-init.ts";
import { writePidFile } from "../pid-file.ts";
import { consoleSize, TerminalLink } from "../terminal.ts";
import { forwardSignals } from "../forward-signals.ts";

export const run: RunCommand = async ({ words, flags, global, clock }) => {
  const containers = containersOf(global);
  const record = containers.read(words[0]!);
  const { descriptors, env } = inherited(flags);
  const asked = await processOf(flags, words.slice(1), record.config.process);
  const size = asked.terminal === true ? (asked.consoleSize ?? consoleSize()) : undefined;
  const process = {
    ...asked,
    env: [...(asked.env ?? []), ...env],
    ...(size !== undefined && { consoleSize: size }),
  };
  const isDetached = flags.isSet("detach");
  const { execInContainer, openMaster, StepFault } = await loadMaking();
  const socket = flags.text("console-socket");
  // The init connects to it from elsewhere.
  const consoleSocket = socket === undefined ? undefined : resolve(socket);
  const { main } = record;
  const isLinked = process.terminal === true && consoleSocket === undefined && !isDetached && main !== null;
  const master = isLinked ? openMaster(main) : undefined;
  if (isLinked && master === undefined)
    throw new Fault("unsupported", "cannot allocate tty: there is no /dev/pts/ptmx in the container");
  using init = await openInitFor(global);
  const command = await execInContainer(record, process, {
    containers,
    init,
    clock,
    stdio: isLinked ? ["ignore", "ignore", "ignore"] : [0, 1, 2],
    orphan: isDetached,
    terminal: consoleSocket !== undefined ? { consoleSocket } : master !== undefined ? { master } : undefined,
    descriptors,
    subCgroups: subCgroups(flags.all("cgroup")),
    ignorePaused: flags.isSet("ignore-paused"),
  }).catch((error: unknown) => {
    throw error instanceof StepFault ? runtimeFailure(error, process) : error;
  });
  writePidFile(flags, command.pid);
  if (isDetached) return 0;
  await using _link = master === undefined ? undefined : new TerminalLink(master, clock);
  using _forwarding = forwardSignals(command.pid);
  const { code } = await command.wait();
  return code;
};

/** The file's process, or the container's own with what the command line says otherwise. */
async function processOf(flags: Flags, args: readonly string[], own: Process | undefined): Promise<Process> {
  const file = flags.text("process");
  if (file !== undefined) return (await loadConfiguration()).readProcess(file);
  if (own === undefined)
    throw new Fault("invalid", "Cannot use the container's configuration: process: missing");
  if (args.length === 0) throw new Fault("invalid", "process args cannot be empty");
  const added = flags.all("cap");
  const { capabilities = {} } = own;
  const withAdded = (names: readonly string[] = []): readonly string[] => [...new Set([...names, ...added])];
  const user = flags.text("user");
  const label = flags.text("process-label");
  const profile = flags.text("apparmor");
  const { consoleSize: _size, ...rest } = own;
  return {
    ...rest,
    args,
    terminal: flags.isSet("tty"),
    cwd: flags.text("cwd") ?? own.cwd,
    env: [...(own.env ?? []), ...flags.all("env")],
    ...(added.length > 0 && {
      capabilities: {
        ...capabilities,
        bounding: withAdded(capabilities.bounding),
        effective: withAdded(capabilities.effective),
        permitted: withAdded(capabilities.permitted),
      },
    }),
    user: {
      ...(own.user ?? { uid: 0, gid: 0 }),
      ...(user !== undefined && userOf(user)),
      additionalGids: [
        ...(own.user?.additionalGids ?? []),
        ...flags.all("additional-gids").map((text) => idOf("gid", text)),
      ],
    },
    ...(flags.isSet("no-new-privs") && { noNewPrivileges: true }),
    ...(label !== undefined && { selinuxLabel: label }),
    ...(profile !== undefined && { apparmorProfile: profile }),
  };
}

function userOf(text: string): { readonly uid: number; readonly gid?: number } {
  const [uid = "", gid] = text.split(":");
  return { uid: idOf("uid", uid), ...(gid !== undefined && { gid: idOf("gid", gid) }) };
}

const ID_MAX = 2 ** 32 - 2;

function idOf(what: string, text: string): number {
  if (!/^\d{1,10}$/.test(text) || Number(text) > ID_MAX)
    throw new UsageFault(`parsing ${text} as int for ${what} failed: not a number from 0 to ${ID_MAX}`);
  return Number(text);
}

/** "[controller,controller:]path", by controller. */
function subCgroups(texts: readonly string[]): ReadonlyMap<string, string> {
  const paths = new Map<string, string>();
  for (const text of texts) {
    const at = text.indexOf(":");
    if (at === -1) paths.set("", text);
    else for (const name of text.slice(0, at).split(",")) paths.set(name, text.slice(at + 1));
  }
  return paths;
}
