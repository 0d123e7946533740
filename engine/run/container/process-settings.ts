import { Fault } from "@plinth/fault";
import { call, Slot, type Step } from "../init/step.ts";
import type { IoPriority, Linux, Process, Rlimit, Scheduler } from "../oci/config.ts";
import { RLIMIT_NAMES } from "../oci/rlimits.ts";
import * as kernel from "./kernel.ts";

/** Limits and priorities of the process, before it gives up the rights to set them. */
export function processSettingSteps(process: Process, linux: Linux = {}, noNewKeyring = false): Step[] {
  return [
    ...(noNewKeyring
      ? []
      : [
          call("begin with an empty keyring", "keyctl", [kernel.KEYCTL_JOIN_SESSION_KEYRING, 0, 0, 0, 0], {
            on: { ENOSYS: "next", EPERM: "next" },
          }),
        ]),
    ...personalitySteps(linux.personality),
    ...schedulerSteps(process.scheduler),
    ...ioPrioritySteps(process.ioPriority),
    ...affinitySteps(process.execCPUAffinity?.final ?? process.execCPUAffinity?.initial),
    ...(process.rlimits ?? []).map((limit) => limitStep(limit)),
  ];
}

function limitStep({ type, soft, hard }: Rlimit): Step {
  const number = RLIMIT_NAMES.indexOf(type);
  if (number < 0) throw new Fault("invalid", `Cannot set the limit "${type}": there is none of that name`);
  const limits = Buffer.alloc(16);
  limits.writeBigUInt64LE(BigInt.asUintN(64, BigInt(soft)), 0);
  limits.writeBigUInt64LE(BigInt.asUintN(64, BigInt(hard)), 8);
  return call(`set ${type} to ${soft}, at most ${hard}`, "prlimit64", [0, number, limits, 0]);
}

const PER_LINUX = 0;
const PER_LINUX32 = 8;

function personalitySteps(personality: Linux["personality"]): Step[] {
  if (personality === undefined) return [];
  const { domain, flags = [] } = personality;
  if (flags.length > 0)
    throw new Fault("unsupported", `Cannot set the personality flags ${flags.join(", ")}: none is supported`);
  const number = domain === "LINUX32" ? PER_LINUX32 : PER_LINUX;
  return [call(`set the personality ${domain}`, "personality", [number])];
}

/** linux/sched.h. */
const policies: Readonly<Record<string, number>> = {
  SCHED_OTHER: 0,
  SCHED_FIFO: 1,
  SCHED_RR: 2,
  SCHED_BATCH: 3,
  SCHED_ISO: 4,
  SCHED_IDLE: 5,
  SCHED_DEADLINE: 6,
};
const schedulerFlags: Readonly<Record<string, number>> = {
  SCHED_FLAG_RESET_ON_FORK: 0x01,
  SCHED_FLAG_RECLAIM: 0x02,
  SCHED_FLAG_DL_OVERRUN: 0x04,
  SCHED_FLAG_KEEP_POLICY: 0x08,
  SCHED_FLAG_KEEP_PARAMS: 0x10,
  SCHED_FLAG_UTIL_CLAMP_MIN: 0x20,
  SCHED_FLAG_UTIL_CLAMP_MAX: 0x40,
};
/** struct sched_attr of sched_setattr(2), its first version. */
const SCHEDULER_BYTES = 48;

function schedulerSteps(scheduler: Scheduler | undefined): Step[] {
  if (scheduler === undefined) return [];
  const { policy, nice = 0, priority = 0, flags = [], runtime = 0, deadline = 0, period = 0 } = scheduler;
  const number = policies[policy];
  if (number === undefined)
    throw new Fault("invalid", `Cannot set the scheduler: no policy "${policy}" is known`);
  const attributes = Buffer.alloc(SCHEDULER_BYTES);
  attributes.writeUInt32LE(SCHEDULER_BYTES, 0);
  attributes.writeUInt32LE(number, 4);
  let bits = 0n;
  for (const flag of flags) {
    const bit = schedulerFlags[flag];
    if (bit === undefined) throw new Fault("invalid", `Cannot set the scheduler: no flag "${flag}" is known`);
    bits |= BigInt(bit);
  }
  attributes.writeBigUInt64LE(bits, 8);
  attributes.writeInt32LE(nice, 16);
  attributes.writeUInt32LE(priority, 20);
  attributes.writeBigUInt64LE(BigInt(runtime), 24);
  attributes.writeBigUInt64LE(BigInt(deadline), 32);
  attributes.writeBigUInt64LE(BigInt(period), 40);
  return [call(`set the scheduler ${policy}`, "sched_setattr", [0, attributes, 0])];
}

/** linux/ioprio.h: the class is in the upper three bits of sixteen. */
const ioClasses: Readonly<Record<string, number>> = {
  IOPRIO_CLASS_RT: 1,
  IOPRIO_CLASS_BE: 2,
  IOPRIO_CLASS_IDLE: 3,
};
const IO_CLASS_SHIFT = 13;

function ioPrioritySteps(ioPriority: IoPriority | undefined): Step[] {
  if (ioPriority === undefined) return [];
  const { class: name, priority = 0 } = ioPriority;
  const number = ioClasses[name];
  if (number === undefined)
    throw new Fault("invalid", `Cannot set the I/O priority: no class "${name}" is known`);
  return [
    call(`set the I/O priority ${name} ${priority}`, "ioprio_set", [
      kernel.IOPRIO_WHO_PROCESS,
      0,
      (number << IO_CLASS_SHIFT) | priority,
    ]),
  ];
}

/** The kernel's bound; 8192 processors. */
const AFFINITY_BYTES = 1024;

function affinitySteps(list: string | undefined): Step[] {
  if (list === undefined || list === "") return [];
  const mask = Buffer.alloc(AFFINITY_BYTES);
  for (const part of list.split(",")) {
    const match = /^(\d+)(?:-(\d+))?$/.exec(part.trim());
    const first = Number(match?.[1]);
    const last = Number(match?.[2] ?? match?.[1]);
    if (match === null || last >= AFFINITY_BYTES * 8 || last < first)
      throw new Fault("invalid", `Cannot set the processors "${list}": not a list such as 0-3,7`);
    for (let cpu = first; cpu <= last; cpu++) mask[cpu >> 3]! |= 1 << (cpu & 7);
  }
  const bytes = Math.max(8, Math.ceil((mask.findLastIndex((byte) => byte !== 0) + 1) / 8) * 8);
  return [call(`run on the processors ${list}`, "sched_setaffinity", [0, bytes, mask.subarray(0, bytes)])];
}

/** The label that the next program runs with, by the security module's file. */
export function execLabelSteps(process: Process): { open: Step[]; write: Step[] } {
  const labels: { path: string; text: string; words: string }[] = [];
  const { apparmorProfile = "", selinuxLabel = "" } = process;
  if (apparmorProfile !== "")
    labels.push({
      path: "/proc/thread-self/attr/apparmor/exec",
      text: `exec ${apparmorProfile}`,
      words: `run it with the AppArmor profile ${apparmorProfile}`,
    });
  if (selinuxLabel !== "")
    labels.push({
      path: "/proc/thread-self/attr/exec",
      text: selinuxLabel,
      words: `run it with the SELinux label ${selinuxLabel}`,
    });
  const slots = labels.map(({ path }) => new Slot(path));
  return {
    open: labels.map(({ path, words }, index) =>
      call(
        `open ${path}, to ${words}`,
        "openat",
        [kernel.AT_FDCWD, path, kernel.O_WRONLY | kernel.O_CLOEXEC],
        {
          keep: slots[index]!,
        },
      ),
    ),
    write: labels.map(({ text, words }, index) =>
      call(words, "write", [slots[index]!, text, Buffer.byteLength(text)]),
    ),
  };
}
