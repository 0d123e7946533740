/**
 * The container's configuration, config.json of a bundle, with the names of the OCI runtime specification 1.2
 * (https://github.com/opencontainers/runtime-spec, config.md and config-linux.md). Unknown fields are kept out of the
 * types and ignored, as the specification asks of a runtime.
 */
export interface OciConfig {
  readonly ociVersion: string;
  readonly root?: Root;
  readonly mounts?: readonly Mount[];
  readonly process?: Process;
  readonly hostname?: string;
  readonly domainname?: string;
  readonly hooks?: Hooks;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly linux?: Linux;
}

/** A 64-bit number of the file; a bigint where a double could not hold it. */
export type Integer64 = number | bigint;

export interface Root {
  /** Absolute, or from the bundle. */
  readonly path: string;
  readonly readonly?: boolean;
}

export interface Mount {
  /** Inside of the container. */
  readonly destination: string;
  readonly type?: string;
  /** A device, a name, or for a bind mount a path, absolute or from the bundle. */
  readonly source?: string;
  readonly options?: readonly string[];
  readonly uidMappings?: readonly IdMapping[];
  readonly gidMappings?: readonly IdMapping[];
}

export interface IdMapping {
  readonly containerID: number;
  readonly hostID: number;
  readonly size: number;
}

export interface Process {
  readonly terminal?: boolean;
  /** In characters; of use with a terminal only. */
  readonly consoleSize?: { readonly height: number; readonly width: number };
  readonly cwd: string;
  /** KEY=value. */
  readonly env?: readonly string[];
  readonly args?: readonly string[];
  readonly rlimits?: readonly Rlimit[];
  readonly apparmorProfile?: string;
  readonly capabilities?: Capabilities;
  readonly noNewPrivileges?: boolean;
  readonly oomScoreAdj?: number;
  readonly scheduler?: Scheduler;
  readonly selinuxLabel?: string;
  readonly ioPriority?: IoPriority;
  readonly execCPUAffinity?: { readonly initial?: string; readonly final?: string };
  readonly user?: User;
}

export interface User {
  readonly uid: number;
  readonly gid: number;
  readonly umask?: number;
  readonly additionalGids?: readonly number[];
}

export interface Rlimit {
  /** RLIMIT_NOFILE and so on. */
  readonly type: string;
  readonly soft: Integer64;
  readonly hard: Integer64;
}

/** Names such as CAP_CHOWN. */
export interface Capabilities {
  readonly bounding?: readonly string[];
  readonly effective?: readonly string[];
  readonly inheritable?: readonly string[];
  readonly permitted?: readonly string[];
  readonly ambient?: readonly string[];
}

export interface Scheduler {
  /** SCHED_OTHER, SCHED_FIFO, SCHED_RR, SCHED_BATCH, SCHED_ISO, SCHED_IDLE, SCHED_DEADLINE. */
  readonly policy: string;
  readonly nice?: number;
  readonly priority?: number;
  /** SCHED_FLAG_RESET_ON_FORK and so on. */
  readonly flags?: readonly string[];
  /** Nanoseconds, as are deadline and period. */
  readonly runtime?: Integer64;
  readonly deadline?: Integer64;
  readonly period?: Integer64;
}

export interface IoPriority {
  /** IOPRIO_CLASS_RT, IOPRIO_CLASS_BE, IOPRIO_CLASS_IDLE. */
  readonly class: string;
  readonly priority?: number;
}

export interface Hooks {
  /** Superseded by the next three; run with createRuntime, before them. */
  readonly prestart?: readonly Hook[];
  readonly createRuntime?: readonly Hook[];
  readonly createContainer?: readonly Hook[];
  readonly startContainer?: readonly Hook[];
  readonly poststart?: readonly Hook[];
  readonly poststop?: readonly Hook[];
}

export type HookName = keyof Hooks;

export interface Hook {
  readonly path: string;
  readonly args?: readonly string[];
  readonly env?: readonly string[];
  /** Seconds. */
  readonly timeout?: number;
}

export type NamespaceType = "pid" | "network" | "mount" | "ipc" | "uts" | "user" | "cgroup" | "time";

export interface Namespace {
  readonly type: NamespaceType;
  /** Joined instead of made. */
  readonly path?: string;
}

export interface Linux {
  readonly namespaces?: readonly Namespace[];
  readonly uidMappings?: readonly IdMapping[];
  readonly gidMappings?: readonly IdMapping[];
  /** By clock, monotonic or boottime. */
  readonly timeOffsets?: Readonly<Record<string, { readonly secs?: Integer64; readonly nanosecs?: number }>>;
  readonly devices?: readonly Device[];
  readonly cgroupsPath?: string;
  readonly resources?: Resources;
  readonly intelRdt?: Readonly<Record<string, unknown>>;
  readonly sysctl?: Readonly<Record<string, string>>;
  readonly seccomp?: LinuxSeccomp;
  readonly rootfsPropagation?:
    | "shared"
    | "slave"
    | "private"
    | "unbindable"
    | "rshared"
    | "rslave"
    | "rprivate"
    | "runbindable";
  readonly maskedPaths?: readonly string[];
  readonly readonlyPaths?: readonly string[];
  readonly mountLabel?: string;
  readonly personality?: { readonly domain: "LINUX" | "LINUX32"; readonly flags?: readonly string[] };
}

export interface Device {
  /** Character (c, u), block (b), or FIFO (p). */
  readonly type: "c" | "b" | "u" | "p";
  readonly path: string;
  readonly major?: number;
  readonly minor?: number;
  /** Permission bits; others do not count. */
  readonly fileMode?: number;
  readonly uid?: number;
  readonly gid?: number;
}

/** Units are bytes and microseconds but where said. */
export interface Resources {
  readonly devices?: readonly DeviceRule[];
  readonly memory?: MemoryResources;
  readonly cpu?: CpuResources;
  readonly pids?: { readonly limit?: Integer64 };
  readonly blockIO?: BlockIoResources;
  readonly hugepageLimits?: readonly { readonly pageSize: string; readonly limit: Integer64 }[];
  readonly network?: NetworkResources;
  /** By device. */
  readonly rdma?: Readonly<Record<string, { readonly hcaHandles?: number; readonly hcaObjects?: number }>>;
  /** Values by name of a cgroup v2 file. */
  readonly unified?: Readonly<Record<string, string>>;
}

export interface DeviceRule {
  readonly allow: boolean;
  /** All, character, or block. Default: all. */
  readonly type?: "a" | "c" | "b";
  /** Absent or -1: any. */
  readonly major?: number;
  readonly minor?: number;
  /** Some of r, w and m. */
  readonly access?: string;
}

export interface MemoryResources {
  readonly limit?: Integer64;
  readonly reservation?: Integer64;
  /** Memory and swap together; -1 for no limit. */
  readonly swap?: Integer64;
  readonly kernel?: Integer64;
  readonly kernelTCP?: Integer64;
  readonly swappiness?: number;
  readonly disableOOMKiller?: boolean;
  readonly useHierarchy?: boolean;
  readonly checkBeforeUpdate?: boolean;
}

export interface CpuResources {
  readonly shares?: Integer64;
  readonly quota?: Integer64;
  readonly burst?: Integer64;
  readonly period?: Integer64;
  readonly realtimeRuntime?: Integer64;
  readonly realtimePeriod?: Integer64;
  readonly cpus?: string;
  readonly mems?: string;
  /** 1: only what nobody else wants. */
  readonly idle?: number;
}

export interface BlockIoResources {
  readonly weight?: number;
  readonly leafWeight?: number;
  readonly weightDevice?: readonly {
    readonly major: number;
    readonly minor: number;
    readonly weight?: number;
    readonly leafWeight?: number;
  }[];
  readonly throttleReadBpsDevice?: readonly ThrottledDevice[];
  readonly throttleWriteBpsDevice?: readonly ThrottledDevice[];
  readonly throttleReadIOPSDevice?: readonly ThrottledDevice[];
  readonly throttleWriteIOPSDevice?: readonly ThrottledDevice[];
}

export interface ThrottledDevice {
  readonly major: number;
  readonly minor: number;
  /** Per second. */
  readonly rate: Integer64;
}

export interface NetworkResources {
  readonly classID?: number;
  readonly priorities?: readonly { readonly name: string; readonly priority: number }[];
}

export interface LinuxSeccomp {
  readonly defaultAction: SeccompAction;
  /** The errno of a default action SCMP_ACT_ERRNO or SCMP_ACT_TRACE. */
  readonly defaultErrnoRet?: number;
  /** SCMP_ARCH_X86_64 and so on; the machine's own is always there. */
  readonly architectures?: readonly string[];
  readonly flags?: readonly string[];
  /** Socket to which the descriptor of the listener is sent. */
  readonly listenerPath?: string;
  readonly listenerMetadata?: string;
  readonly syscalls?: readonly SeccompRule[];
}

export type SeccompAction =
  | "SCMP_ACT_KILL"
  | "SCMP_ACT_KILL_PROCESS"
  | "SCMP_ACT_KILL_THREAD"
  | "SCMP_ACT_TRAP"
  | "SCMP_ACT_ERRNO"
  | "SCMP_ACT_TRACE"
  | "SCMP_ACT_ALLOW"
  | "SCMP_ACT_LOG"
  | "SCMP_ACT_NOTIFY";

/** The action for syscalls by name, when all conditions on their arguments hold. */
export interface SeccompRule {
  readonly names: readonly string[];
  readonly action: SeccompAction;
  readonly errnoRet?: number;
  readonly args?: readonly SeccompCondition[];
}

export interface SeccompCondition {
  /** Which argument, 0 to 5. */
  readonly index: number;
  /** What is compared with; for SCMP_CMP_MASKED_EQ the mask. */
  readonly value: Integer64;
  /** For SCMP_CMP_MASKED_EQ: what the masked argument has to be. */
  readonly valueTwo?: Integer64;
  readonly op: SeccompOperator;
}

export type SeccompOperator =
  | "SCMP_CMP_NE"
  | "SCMP_CMP_LT"
  | "SCMP_CMP_LE"
  | "SCMP_CMP_EQ"
  | "SCMP_CMP_GE"
  | "SCMP_CMP_GT"
  | "SCMP_CMP_MASKED_EQ";
