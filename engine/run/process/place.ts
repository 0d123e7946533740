import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TaskNetwork } from "../network/task-network.ts";
import { toolPath } from "../tool-path.ts";

/**
 * All that an instance with a network of its own may still do as root. Not among them: NET_ADMIN and NET_RAW, which
 * would let it take another's address; SYS_ADMIN and SYS_PTRACE, which lead into other namespaces; and what reaches
 * the machine itself, such as SYS_MODULE, SYS_RAWIO, BPF and MKNOD.
 */
const CAPABILITIES: readonly string[] = [
  "audit_write",
  "chown",
  "dac_override",
  "fowner",
  "fsetid",
  "kill",
  "net_bind_service",
  "setfcap",
  "setgid",
  "setpcap",
  "setuid",
  "sys_chroot",
];

/** Takes capabilities away for good: from what it has, may inherit, and could ever get back. */
function lessened(): string[] {
  return [
    toolPath("setpriv"),
    "--no-new-privs",
    "--ambient-caps=-all",
    "--inh-caps=-all",
    `--bounding-set=${["-all", ...CAPABILITIES.map((name) => `+${name}`)].join(",")}`,
    "--",
  ];
}

export interface Begin {
  readonly shell: string;
  readonly script: string;
  readonly stateDirectory: string;
  readonly strict: boolean;
  readonly joins: readonly string[];
  readonly network: TaskNetwork | undefined;
}

/** What the launcher becomes to run a command: begin.sh, once, or for a network twice, around the loss of privileges. */
export function beginCommand(begin: Begin, command: readonly string[]): string[] {
  const { shell, script, stateDirectory, strict, joins, network } = begin;
  const start = [shell, script, stateDirectory, strict ? "1" : "0"];
  const joining = [String(joins.length), ...joins];
  if (network === undefined) return [...start, "-", ...joining, ...command];
  const sys = join(stateDirectory, "sys");
  mkdirSync(sys, { recursive: true, mode: 0o700 });
  const place = [toolPath("mount"), sys, network.resolvConf, network.hosts, nameSwitch(stateDirectory)];
  // Mounts that the host makes later arrive; those of the instance stay its own.
  const ownMounts = [toolPath("unshare"), "--mount", "--propagation", "slave", "--"];
  const enter = [toolPath("nsenter"), `--net=${network.namespace}`, "--", ...ownMounts];
  return [...enter, ...start, ...place, ...joining, ...lessened(), ...start, "-", "0", ...command];
}

/** What `exec` runs to be where a task's main process is. */
export function enterCommand(network: TaskNetwork, pid: number): string[] {
  return [
    toolPath("nsenter"),
    `--net=${network.namespace}`,
    `--mount=/proc/${pid}/ns/mnt`,
    "--",
    ...lessened(),
  ];
}

/**
 * Where the host asks other sources than files and DNS for hosts' names (systemd-resolved over its socket, mDNS), a
 * file that does not; empty where there is nothing to change.
 */
export function nameSwitch(stateDirectory: string): string {
  let text: string;
  try {
    text = readFileSync("/etc/nsswitch.conf", "utf8");
  } catch {
    return "";
  }
  const changed = text.replace(/^[ \t]*hosts:.*$/gm, "hosts: files dns");
  if (changed === text) return "";
  const path = join(stateDirectory, "nsswitch.conf");
  writeFileSync(path, changed, { mode: 0o644 });
  return path;
}
