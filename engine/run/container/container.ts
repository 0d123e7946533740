import type { ProcessIdentity } from "@plinth/process";
import type { Init } from "../init/init-file.ts";
import type { Stdio } from "../init/launch.ts";
import type { Program } from "../init/program.ts";
import type { Spawner } from "../init/spawner.ts";
import type { OciConfig, Process } from "../oci/config.ts";
import type { Readable, Writable } from "node:stream";

/** What a container is made of. */
export interface CreateOptions {
  /** For messages; names of files and cgroups are given apart. */
  readonly id: string;
  readonly init: Init;
  readonly config: OciConfig;
  /** Absolute; what paths in `config` are relative to. */
  readonly bundle: string;
  /**
   * There already, used by this container only. The shim writes to it, each file by rename and with `mark` in its first
   * line: `running` before the command may run; `cannot-start` when it never did; `exit` last. `start` is the gate.
   */
  readonly stateDirectory: string;
  /** Never used twice: tells this start's files and processes from all others'. */
  readonly mark: string;
  /** Default: nothing. With a terminal they are the terminal's. */
  readonly stdio?: readonly [Stdio, Stdio, Stdio];
  /** In place of `stdio`: the shim appends both outputs to this file, which it makes for its user alone. */
  readonly logFile?: string;
  /** Makes the shim, many times faster than this process could; without `stdio` and `descriptors`. */
  readonly spawner?: Spawner;
  /** The command runs as soon as all is set up, unless this process is gone by then. Default: it waits for start(). */
  readonly startsAtOnce?: boolean;
  readonly cgroup?: CgroupPlace;
  readonly seccomp?: SeccompProgram;
  /** The root is a mount of these layers, which only the container sees; it ends with it. */
  readonly overlay?: Overlay;
  /** Path of a Unix socket that is sent the terminal's master. Required with `process.terminal`. */
  readonly consoleSocket?: string;
  /** Descriptors of ours that the command gets as 3, 4 and so on. */
  readonly descriptors?: readonly number[];
  /** Change the root with MS_MOVE and chroot, for roots on ramfs. Default: pivot_root. */
  readonly noPivot?: boolean;
  /** Keep the session keyring. Default: a new one. */
  readonly noNewKeyring?: boolean;
  /**
   * The container's first process is ours: it makes the command, hands on signals, and reaps. For commands that expect
   * to be an ordinary process; the first one of a pid namespace is spared signals that it has no handler for.
   */
  readonly reaper?: boolean;
  /**
   * Leaves the main process to whoever takes orphans as soon as it waits to be started: for callers that want to be its
   * parent. No `exit` or `cannot-start` is written then, `running` names it in place of a shim, and nobody waits for it.
   */
  readonly orphan?: boolean;
  /**
   * Runs while all namespaces and mounts are there and the root is not changed yet: hooks, networks. The container
   * waits; what it throws ends the container.
   */
  readonly onNamespaces?: (pid: number) => Promise<void>;
  /** Writes the maps of ids by other means (newuidmap). Default: the shim writes them. */
  readonly onIdMaps?: (pid: number) => Promise<void>;
  /** Ends what is half made. */
  readonly signal?: AbortSignal;
}

export interface CgroupPlace {
  /** Directories that are there already; the container joins them before it does anything. */
  readonly directories: readonly string[];
  /** The one on v2, whose cgroup.kill ends what the command leaves behind. */
  readonly unified?: string;
  /** struct bpf_insn[]: the device filter attached to `unified`. */
  readonly deviceProgram?: Buffer;
}

export interface SeccompProgram {
  /** struct sock_filter[]. */
  readonly program: Buffer;
  /** SECCOMP_FILTER_FLAG_*. */
  readonly flags: number;
}

export interface Overlay {
  /** Topmost first. */
  readonly lower: readonly string[];
  readonly upper: string;
  readonly work: string;
  /** Where layers have overlayfs's marks, and it makes its own. In a user namespace: "user". Default: "trusted". */
  readonly xattrs?: "trusted" | "user";
}

/** How a main process ended. */
export interface ContainerExit {
  /** As a shell tells it: the exit code, or 128 + signal. */
  readonly code: number;
  readonly signal: number | undefined;
}

/** A container whose command waits to be started, or runs. Disposing lets go of it; it runs on. */
export interface Container extends Disposable {
  readonly id: string;
  /** The main process, as we see it. */
  readonly pid: number;
  readonly shim: ProcessIdentity;
  readonly main: ProcessIdentity;
  /** With "pipe". */
  readonly stdin: Writable | null;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  /** Resolves once the command runs. Fault when it cannot. */
  start(): Promise<void>;
  /** The end of the main process. Rejects when nobody saw it. */
  wait(): Promise<ContainerExit>;
}

/** Whose namespaces and cgroups a command joins: also one that an earlier process of ours created. */
export interface ExecTarget {
  readonly id: string;
  readonly main: ProcessIdentity;
  readonly cgroup?: CgroupPlace;
  /** Of what is no container: what the init does to join it. `main` is a descriptor of its directory in /proc. */
  readonly program?: (process: Process, main: number) => Program;
}

export interface ExecOptions {
  readonly init: Init;
  readonly process: Process;
  /** Leaves the command to whoever takes orphans, once it runs; nobody waits for it then. */
  readonly orphan?: boolean;
  readonly stdio?: readonly [Stdio, Stdio, Stdio];
  readonly seccomp?: SeccompProgram;
  /** Of the shim, where whoever looks for members of the container finds it. */
  readonly env?: Readonly<Record<string, string>>;
  /** A master of the container's own devpts, which the caller opened, or a socket that is sent one. */
  readonly terminal?: { readonly master: number } | { readonly consoleSocket: string };
  readonly descriptors?: readonly number[];
  readonly signal?: AbortSignal;
}

/** A command in a container. */
export interface Executed {
  readonly pid: number;
  /** With "pipe". */
  readonly stdin: Writable | null;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  wait(): Promise<ContainerExit>;
}
