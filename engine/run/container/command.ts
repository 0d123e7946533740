import { Fault } from "@plinth/fault";
import { constants } from "node:os";
import { FAILED_ERRNO_OFFSET, SCRATCH_ADDRESS, SCRATCH_BYTES, TABLE_ADDRESS } from "../init/layout.ts";
import {
  Block,
  call,
  copy,
  fail,
  goTo,
  goToIfEqual,
  Label,
  loadByte,
  loadWord,
  Pointer,
  Slot,
  type Step,
  type StepOptions,
} from "../init/step.ts";
import type { Process } from "../oci/config.ts";
import { capabilitySteps, setCapabilities, userSteps } from "./credentials.ts";
import type { SeccompProgram } from "./container.ts";
import * as kernel from "./kernel.ts";

/** How a process that has its namespaces and its root becomes the command. */
export interface CommandPlan {
  readonly process: Process;
  readonly seccomp: SeccompProgram | undefined;
  /** Number of this kernel's last capability. */
  readonly lastCapability: number;
  /** The user namespace forbids setgroups(2). */
  readonly deniesGroups: boolean;
  /** How many of the init's descriptors, from 4 on, become the command's, from 3 on. */
  readonly descriptors: number;
}

/** Where programs are looked for when the environment does not say. */
const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** What can be done before it waits to be started, and may need rights that it then gives up. */
export function becomeUserSteps(plan: CommandPlan): (Step | Label)[] {
  const { process } = plan;
  const later = new Slot("the directory is the user's only");
  return [
    ...directorySteps(process.cwd, later),
    ...userSteps(plan),
    ...directoryAsUser(process.cwd, later),
    ...capabilitySteps(process.capabilities, isFilterPrivileged(plan) ? [FILTER_CAPABILITY] : []),
    ...(process.noNewPrivileges === true
      ? [call("never get new privileges", "prctl", [kernel.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0])]
      : []),
  ];
}

/** Without no_new_privs, a filter is a privileged matter: this capability is then given up after it. */
const FILTER_CAPABILITY = "CAP_SYS_ADMIN";

const isFilterPrivileged = ({ process, seccomp }: CommandPlan): boolean =>
  process.noNewPrivileges !== true && seccomp !== undefined;

/** More than the init ever opens besides. */
const OWN_DESCRIPTORS_MAX = 64;

/**
 * Closes all but the standard streams, the report's socket, the command's descriptors, and those in `kept`: a path such
 * as /proc/self/fd/7 in the container's config must lead nowhere (CVE-2024-21626).
 */
export function closeRestSteps(descriptors: number, kept: readonly Slot[]): Step[] {
  const first = FIRST_DESCRIPTOR + descriptors;
  const high = first + OWN_DESCRIPTORS_MAX;
  return [
    ...kept.map((slot) =>
      call(`put ${slot.name} out of the way`, "fcntl", [slot, kernel.F_DUPFD_CLOEXEC, high], { keep: slot }),
    ),
    call("close what the host's paths could be reached by", "close_range", [first, high - 1, 0]),
    call("close all others", "close_range", [high + kept.length, 0xffffffff, 0]),
  ];
}

/** Of those the command gets, in the init. */
export const FIRST_DESCRIPTOR = 4;

/** The last steps; the command follows. */
export function executeSteps(plan: CommandPlan): (Step | Label)[] {
  const { process, seccomp, descriptors } = plan;
  const moved = Array.from({ length: descriptors }, (_, index) =>
    call(`hand over descriptor ${index + FIRST_DESCRIPTOR} as ${index + 3}`, "dup3", [
      index + FIRST_DESCRIPTOR,
      index + 3,
      0,
    ]),
  );
  return [
    ...moved,
    call(`close all descriptors from ${3 + descriptors} on when the command runs`, "close_range", [
      3 + descriptors,
      0xffffffff,
      kernel.CLOSE_RANGE_CLOEXEC,
    ]),
    call("set the file mode mask", "umask", [process.user?.umask ?? DEFAULT_UMASK]),
    keepWithoutShim,
    call("let all signals through", "rt_sigprocmask", [kernel.SIG_SETMASK, Buffer.alloc(8), 0, 8]),
    // It is written for the command: what the init still needs behind it, it may well deny.
    ...(seccomp === undefined ? [] : seccompSteps(seccomp)),
    ...(isFilterPrivileged(plan) ? [setCapabilities(process.capabilities)] : []),
    ...executeCandidates(process),
  ];
}

const DEFAULT_UMASK = 0o022;

/** Goes there with root's rights; where not even these are enough, the user tries. */
function directorySteps(cwd: string, later: Slot): (Step | Label)[] {
  const denied = new Label("denied");
  const there = new Label("there");
  return [
    call(`go to the directory ${cwd}`, "chdir", [cwd], { on: { EACCES: denied } }),
    goTo("it is there", there),
    denied,
    copy("let the user try later", 1, later),
    there,
    ...insideSteps(),
  ];
}

function directoryAsUser(cwd: string, later: Slot): (Step | Label)[] {
  const there = new Label("there");
  return [
    goToIfEqual("see whether it is there already", later, 0, there),
    call(`go to the directory ${cwd} as the user`, "chdir", [cwd]),
    there,
    ...insideSteps(),
  ];
}

/** The kernel begins the name of a directory outside of the root with "(unreachable)". */
function insideSteps(): (Step | Label)[] {
  const first = new Slot("first letter");
  const inside = new Label("inside");
  const words = "make sure that the directory is inside of the container";
  return [
    call("ask where that is", "getcwd", [SCRATCH_ADDRESS, SCRATCH_BYTES]),
    loadByte("take the first letter", SCRATCH_ADDRESS, first),
    goToIfEqual(words, first, "/".charCodeAt(0), inside),
    fail(words, constants.errno.EXDEV),
    inside,
  ];
}

export function seccompSteps({ program, flags }: SeccompProgram): Step[] {
  if ((flags & kernel.SECCOMP_FILTER_FLAG_NEW_LISTENER) !== 0)
    throw new Fault(
      "unsupported",
      "Cannot use a seccomp profile with SCMP_ACT_NOTIFY: no listener is supported",
    );
  const length = Buffer.alloc(8);
  length.writeUInt16LE(program.length / SOCK_FILTER_BYTES);
  return [
    call(
      `let the seccomp filter of ${program.length / SOCK_FILTER_BYTES} instructions decide on system calls`,
      "seccomp",
      [kernel.SECCOMP_SET_MODE_FILTER, flags, new Block([length, new Pointer(program)])],
    ),
  ];
}

/** struct sock_filter. */
const SOCK_FILTER_BYTES = 8;

/** Until then, a shim that dies takes what is half made along. */
export const keepWithoutShim: Step = call("no longer end with the shim", "prctl", [
  kernel.PR_SET_PDEATHSIG,
  0,
  0,
  0,
  0,
]);

interface Candidates {
  readonly name: string;
  readonly paths: readonly string[];
  /** Where they are from, for messages. */
  readonly path: string | undefined;
}

/** Where the command may be: at its path, or as a shell looks for it. */
function candidatesOf({ args = [], env = [] }: Process): Candidates {
  const [name] = args;
  if (name === undefined) throw new Fault("invalid", "Cannot run a container without a command");
  if (name === "") return { name, paths: [], path: undefined };
  if (name.includes("/")) return { name, paths: [name], path: undefined };
  const path = env.findLast((entry) => entry.startsWith("PATH="))?.slice("PATH=".length) ?? DEFAULT_PATH;
  const paths = path.split(":").map((directory) => `${directory === "" ? "." : directory}/${name}`);
  return { name, paths, path };
}

/** Effective, not real ids. */
const AT_EACCESS = 0x200;
const EXECUTABLE = 1;

/** Looks whether the command can be run, as the user and before anybody wants it to. */
export function findCommandSteps(process: Process): (Step | Label)[] {
  const found = new Label("found");
  return tryCandidates(process, "find", (words, path, options, denied) => {
    const isThere = new Label("it is there");
    return [
      call(words, "faccessat2", [kernel.AT_FDCWD, path, EXECUTABLE, AT_EACCESS], {
        ...options,
        onZero: isThere,
        // Who is not told finds out by running it.
        onError: found,
      }),
      isThere,
      // Directories can be executed, too, in the eyes of the file system.
      call(`see whether ${path} is a directory`, "faccessat2", [kernel.AT_FDCWD, `${path}/.`, 0, 0], {
        onZero: denied,
        on: { ENOTDIR: found, ENOENT: found, EACCES: found },
      }),
    ];
  }).concat(found);
}

function executeCandidates(process: Process): (Step | Label)[] {
  const environment = listOf(process.env);
  const commandLine = listOf(process.args);
  return tryCandidates(process, "run", (words, path, options) => [
    call(words, "execve", [path, commandLine, environment], options),
  ]);
}

const SHELL = "/bin/sh";

/** The same as execvp(3) and shells do it: what the kernel finds no format in is a script of the shell's. */
export function executeOrInterpretSteps(process: Process): (Step | Label)[] {
  const environment = listOf(process.env);
  const commandLine = listOf(process.args);
  return tryCandidates(process, "run", (words, path, options) => {
    const other = new Label("another failure");
    const script = new Label("script without an interpreter");
    const errno = new Slot("errno");
    const byShell = listOf([SHELL, path, ...(process.args ?? []).slice(1)]);
    return [
      call(words, "execve", [path, commandLine, environment], { ...options, onError: other }),
      other,
      loadWord("take why", TABLE_ADDRESS + FAILED_ERRNO_OFFSET, errno),
      goToIfEqual("see whether it has no format", errno, constants.errno.ENOEXEC, script),
      fail(words, errno),
      script,
      call(`run ${path} with ${SHELL}`, "execve", [SHELL, byShell, environment]),
    ];
  });
}

/** As execve(2) takes arguments and environments. */
const listOf = (texts: readonly string[] = []): Block =>
  new Block([...texts.map((text) => new Pointer(text)), 0]);

type Try = (words: string, path: string, options: StepOptions, denied: Label) => readonly (Step | Label)[];

/** One after another as a shell does: a file that may not be executed is remembered, one that is not there is not. */
function tryCandidates(process: Process, verb: string, attempt: Try): (Step | Label)[] {
  const { name, paths, path } = candidatesOf(process);
  const errno = new Slot("why none of them was it");
  return [
    copy("remember that nothing was found yet", constants.errno.ENOENT, errno),
    ...paths.flatMap((candidate) => {
      const denied = new Label("denied");
      const next = new Label("next");
      return [
        ...attempt(
          `${verb} ${candidate}`,
          candidate,
          { on: { ENOENT: next, ENOTDIR: next, EACCES: denied } },
          denied,
        ),
        denied,
        copy("remember that it was there", constants.errno.EACCES, errno),
        next,
      ];
    }),
    fail(`${verb} the command ${name}${path === undefined ? "" : ` in ${path}`}`, errno),
  ];
}
