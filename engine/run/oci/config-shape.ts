import {
  absolutePath,
  filled,
  flag,
  int32,
  int64,
  integer,
  letters,
  list,
  object,
  oneOf,
  record,
  type Shape,
  text,
  uint16,
  uint32,
  uint64,
} from "./shape.ts";

/** The highest id: the next one, all bits set, means "leave it as it is" to the kernel. */
const id: Shape = integer(0, 2 ** 32 - 2);
const texts = list(text);
/** -1 stands for any. */
const deviceNumber: Shape = integer(-1, 2 ** 32 - 1);

const idMappings: Shape = list(object({ containerID: id, hostID: id, size: uint32 }));

const user: Shape = object({ uid: id, gid: id }, { umask: integer(0, 0o777), additionalGids: list(id) });

const capabilities: Shape = object(
  {},
  { bounding: texts, effective: texts, inheritable: texts, permitted: texts, ambient: texts },
);

const scheduler: Shape = object(
  { policy: filled },
  {
    nice: integer(-20, 19),
    priority: int32,
    flags: texts,
    runtime: uint64,
    deadline: uint64,
    period: uint64,
  },
);

/** The process of config.json, and the one of `exec --process`. */
export const processShape: Shape = object(
  { cwd: absolutePath },
  {
    terminal: flag,
    consoleSize: object({ height: uint16, width: uint16 }),
    env: texts,
    args: texts,
    rlimits: list(object({ type: filled, soft: uint64, hard: uint64 })),
    apparmorProfile: text,
    capabilities,
    noNewPrivileges: flag,
    oomScoreAdj: integer(-1000, 1000),
    scheduler,
    selinuxLabel: text,
    ioPriority: object(
      { class: oneOf("IOPRIO_CLASS_RT", "IOPRIO_CLASS_BE", "IOPRIO_CLASS_IDLE") },
      { priority: integer(0, 7) },
    ),
    execCPUAffinity: object({}, { initial: text, final: text }),
    user,
  },
);

const hooks: Shape = list(
  object({ path: absolutePath }, { args: texts, env: texts, timeout: integer(1, 2 ** 31 - 1) }),
);

const throttled: Shape = list(object({ major: uint32, minor: uint32, rate: uint64 }));

/** linux.resources, and what `update --resources` reads. */
export const resourcesShape: Shape = object(
  {},
  {
    devices: list(
      object(
        { allow: flag },
        { type: oneOf("a", "c", "b"), major: deviceNumber, minor: deviceNumber, access: letters("rwm") },
      ),
    ),
    memory: object(
      {},
      {
        limit: int64,
        reservation: int64,
        swap: int64,
        kernel: int64,
        kernelTCP: int64,
        swappiness: integer(0, 100),
        disableOOMKiller: flag,
        useHierarchy: flag,
        checkBeforeUpdate: flag,
      },
    ),
    cpu: object(
      {},
      {
        shares: uint64,
        quota: int64,
        burst: uint64,
        period: uint64,
        realtimeRuntime: int64,
        realtimePeriod: uint64,
        cpus: text,
        mems: text,
        idle: integer(0, 1),
      },
    ),
    pids: object({}, { limit: int64 }),
    blockIO: object(
      {},
      {
        weight: uint16,
        leafWeight: uint16,
        weightDevice: list(object({ major: uint32, minor: uint32 }, { weight: uint16, leafWeight: uint16 })),
        throttleReadBpsDevice: throttled,
        throttleWriteBpsDevice: throttled,
        throttleReadIOPSDevice: throttled,
        throttleWriteIOPSDevice: throttled,
      },
    ),
    hugepageLimits: list(object({ pageSize: filled, limit: uint64 })),
    network: object({}, { classID: uint32, priorities: list(object({ name: filled, priority: uint32 })) }),
    rdma: record(object({}, { hcaHandles: uint32, hcaObjects: uint32 })),
    unified: record(text),
  },
);

const seccompAction: Shape = oneOf(
  "SCMP_ACT_KILL",
  "SCMP_ACT_KILL_PROCESS",
  "SCMP_ACT_KILL_THREAD",
  "SCMP_ACT_TRAP",
  "SCMP_ACT_ERRNO",
  "SCMP_ACT_TRACE",
  "SCMP_ACT_ALLOW",
  "SCMP_ACT_LOG",
  "SCMP_ACT_NOTIFY",
);

const seccomp: Shape = object(
  { defaultAction: seccompAction },
  {
    defaultErrnoRet: uint16,
    architectures: texts,
    flags: texts,
    listenerPath: text,
    listenerMetadata: text,
    syscalls: list(
      object(
        { names: texts, action: seccompAction },
        {
          errnoRet: uint16,
          args: list(
            object(
              {
                index: integer(0, 5),
                value: uint64,
                op: oneOf(
                  "SCMP_CMP_NE",
                  "SCMP_CMP_LT",
                  "SCMP_CMP_LE",
                  "SCMP_CMP_EQ",
                  "SCMP_CMP_GE",
                  "SCMP_CMP_GT",
                  "SCMP_CMP_MASKED_EQ",
                ),
              },
              { valueTwo: uint64 },
            ),
          ),
        },
      ),
    ),
  },
);

const linux: Shape = object(
  {},
  {
    namespaces: list(
      object(
        { type: oneOf("pid", "network", "mount", "ipc", "uts", "user", "cgroup", "time") },
        { path: text },
      ),
    ),
    uidMappings: idMappings,
    gidMappings: idMappings,
    timeOffsets: record(object({}, { secs: int64, nanosecs: integer(0, 999_999_999) })),
    devices: list(
      object(
        { type: oneOf("c", "b", "u", "p"), path: absolutePath },
        // podman also sends the bits of the file's type.
        { major: uint32, minor: uint32, fileMode: integer(0, 0o177777), uid: id, gid: id },
      ),
    ),
    cgroupsPath: text,
    resources: resourcesShape,
    intelRdt: object({}),
    sysctl: record(text),
    seccomp,
    rootfsPropagation: oneOf(
      "",
      "shared",
      "slave",
      "private",
      "unbindable",
      "rshared",
      "rslave",
      "rprivate",
      "runbindable",
    ),
    maskedPaths: list(absolutePath),
    readonlyPaths: list(absolutePath),
    mountLabel: text,
    personality: object({ domain: oneOf("LINUX", "LINUX32") }, { flags: texts }),
  },
);

/** config.json. Its hooks, namespaces and the like are held against each other by config-rules.ts. */
export const configShape: Shape = object(
  { ociVersion: filled, root: object({ path: filled }, { readonly: flag }) },
  {
    process: processShape,
    mounts: list(
      object(
        { destination: filled },
        { type: text, source: text, options: texts, uidMappings: idMappings, gidMappings: idMappings },
      ),
    ),
    hostname: text,
    domainname: text,
    hooks: object(
      {},
      {
        prestart: hooks,
        createRuntime: hooks,
        createContainer: hooks,
        startContainer: hooks,
        poststart: hooks,
        poststop: hooks,
      },
    ),
    annotations: record(text),
    linux,
  },
);
