import type { Linux, NamespaceType, OciConfig, Process } from "./config.ts";
import { RLIMIT_NAMES } from "./rlimits.ts";
import { quoted } from "./shape.ts";

type Say = (problem: string) => void;

/** What the shape of each field alone cannot tell. Called only with a configuration of the right shape. */
export function checkConfig(config: OciConfig, say: Say): void {
  // Of a version 1 all releases can be read; a later one says what it adds in fields that are then unknown.
  if (!/^1\.\d+\.\d+([-+].*)?$/.test(config.ociVersion))
    say(`ociVersion: ${quoted(config.ociVersion)} is not a version 1 of the specification`);
  if (config.process !== undefined) checkProcess(config.process, "process", say);
  if (config.linux !== undefined) checkLinux(config.linux, say);
  const spaces = namespacesOf(config);
  if (filled(config.hostname) && !spaces.has("uts"))
    say("hostname: cannot be set without a UTS namespace of the container's own");
  if (filled(config.domainname) && !spaces.has("uts"))
    say("domainname: cannot be set without a UTS namespace of the container's own");
  for (const name of Object.keys(config.annotations ?? {}))
    if (name === "") say("annotations: an empty name");
  checkSysctls(config, spaces, say);
}

export function checkProcess(process: Process, path: string, say: Say): void {
  if ((process.args ?? []).length === 0) say(`${path}.args: missing`);
  else if (process.args?.[0] === "") say(`${path}.args[0]: empty`);
  for (const [index, entry] of (process.env ?? []).entries()) {
    if (entry.indexOf("=") < 1) say(`${path}.env[${index}]: ${quoted(entry)} is not NAME=VALUE`);
  }
  const seen = new Set<string>();
  for (const [index, { type, soft, hard }] of (process.rlimits ?? []).entries()) {
    const at = `${path}.rlimits[${index}]`;
    if (!RLIMIT_NAMES.includes(type)) say(`${at}.type: no limit ${quoted(type)} is known`);
    if (seen.has(type)) say(`${at}.type: ${type} is there twice`);
    if (soft > hard) say(`${at}.soft: ${soft} is above the hard limit, ${hard}`);
    seen.add(type);
  }
}

const filled = (value: string | undefined): boolean => value !== undefined && value !== "";

/** Namespaces that are not the runtime's own: made, or joined. */
function namespacesOf(config: OciConfig): Set<NamespaceType> {
  return new Set((config.linux?.namespaces ?? []).map(({ type }) => type));
}

function checkLinux(linux: Linux, say: Say): void {
  const seen = new Set<NamespaceType>();
  for (const [index, { type, path }] of (linux.namespaces ?? []).entries()) {
    const at = `linux.namespaces[${index}]`;
    if (seen.has(type)) say(`${at}: "${type}" is there twice`);
    if (filled(path) && !path!.startsWith("/")) say(`${at}.path: ${quoted(path!)} is not an absolute path`);
    seen.add(type);
  }
  const user = linux.namespaces?.find(({ type }) => type === "user");
  for (const field of ["uidMappings", "gidMappings"] as const) {
    const count = linux[field]?.length ?? 0;
    if (count > ID_MAPPINGS_MAX) say(`linux.${field}: more than the ${ID_MAPPINGS_MAX} the kernel takes`);
    if (count > 0 && user === undefined) say(`linux.${field}: needs a user namespace`);
    for (const [index, { size }] of (linux[field] ?? []).entries())
      if (size === 0) say(`linux.${field}[${index}].size: 0`);
  }
  if (linux.timeOffsets !== undefined && Object.keys(linux.timeOffsets).length > 0) {
    const time = linux.namespaces?.find(({ type }) => type === "time");
    if (time === undefined) say("linux.timeOffsets: needs a time namespace");
    else if (filled(time.path)) say("linux.timeOffsets: cannot be set in a time namespace that is joined");
    for (const clock of Object.keys(linux.timeOffsets))
      if (clock !== "monotonic" && clock !== "boottime")
        say(`linux.timeOffsets.${clock}: is neither monotonic nor boottime`);
  }
  for (const [index, { type, major, minor }] of (linux.devices ?? []).entries())
    if (type !== "p" && (major === undefined || minor === undefined))
      say(`linux.devices[${index}]: a device of type ${type} needs major and minor`);
  if (linux.intelRdt !== undefined && Object.keys(linux.intelRdt).length > 0)
    say("linux.intelRdt: not supported by this runtime");
}

/** The kernel's limit on lines of uid_map and gid_map. */
const ID_MAPPINGS_MAX = 340;

/** Settings of the kernel that each IPC namespace has of its own. */
const IPC_SYSCTLS: ReadonlySet<string> = new Set([
  "kernel.msgmax",
  "kernel.msgmnb",
  "kernel.msgmni",
  "kernel.sem",
  "kernel.shmall",
  "kernel.shmmax",
  "kernel.shmmni",
  "kernel.shm_rmid_forced",
]);

/** A setting that is not the container's own would be the machine's. */
function checkSysctls(config: OciConfig, spaces: ReadonlySet<NamespaceType>, say: Say): void {
  for (const name of Object.keys(config.linux?.sysctl ?? {})) {
    const dotted = sysctlName(name);
    const at = `linux.sysctl.${name}`;
    if (/(^|\/)(|\.|\.\.)(\/|$)/.test(sysctlPath(name))) say(`${at}: not a name of a setting`);
    else if (IPC_SYSCTLS.has(dotted) || dotted.startsWith("fs.mqueue.")) {
      if (!spaces.has("ipc")) say(`${at}: needs an IPC namespace of the container's own`);
    } else if (dotted.startsWith("net.")) {
      if (!spaces.has("network")) say(`${at}: needs a network namespace of the container's own`);
      else if (isHostNetwork(config)) say(`${at}: not allowed in the network namespace of the host`);
    } else if (dotted === "kernel.domainname") {
      if (!spaces.has("uts")) say(`${at}: needs a UTS namespace of the container's own`);
    } else if (dotted === "kernel.hostname") say(`${at}: the field "hostname" is there for this`);
    else if (dotted.startsWith("user.")) {
      if (!spaces.has("user")) say(`${at}: needs a user namespace of the container's own`);
    } else say(`${at}: is not separate for a container`);
  }
}

/** Both notations of sysctl(8), "net.ipv4.ip_forward" and "net/ipv4/ip_forward", as the first. */
function sysctlName(name: string): string {
  return /[./]/.exec(name)?.[0] === "/" ? swapped(name) : name;
}

/** Below /proc/sys. In the notation with dots, a slash is a dot of the name: net.ipv4.conf.eth0/1.forwarding. */
export function sysctlPath(name: string): string {
  return swapped(sysctlName(name));
}

const swapped = (name: string): string => name.replace(/[./]/g, (letter) => (letter === "/" ? "." : "/"));

function isHostNetwork(config: OciConfig): boolean {
  const path = config.linux?.namespaces?.find(({ type }) => type === "network")?.path;
  return path === "/proc/self/ns/net" || path === "/proc/1/ns/net";
}
