import { accessSync, constants } from "node:fs";
import { type Clock, systemClock } from "@plinth/clock";
import { messageOf } from "@plinth/fault";
import { findTool } from "../tool-path.ts";
import { baseRules } from "./base-rules.ts";
import { instanceRules, loopbackRules } from "./instance-rules.ts";
import { parseSubnet } from "./subnet.ts";
import { runTool } from "./tool.ts";

/** Whether this machine can give instances networks of their own. */
export interface NetworkAbility {
  readonly available: boolean;
  /** Which piece lacks, by name. */
  readonly reason?: string;
  /** What to do about it, as one sentence. */
  readonly hint?: string;
}

/** Debian package by the tool it brings. */
const tools: Readonly<Record<string, string>> = {
  ip: "iproute2",
  bridge: "iproute2",
  nft: "nftables",
  nsenter: "util-linux",
  // These two are for the trials only.
  unshare: "util-linux",
  mount: "mount",
  sysctl: "procps",
};

interface Trial {
  /** What lacks when it fails. */
  readonly piece: string;
  /** Run in a network namespace made for it. */
  readonly command: readonly string[];
  readonly input: string;
}

const subnet = parseSubnet("10.213.0.0/16");
const trialRules = baseRules("plinth0", "02:00:00:00:00:01", subnet).text;
const instance = { bridge: "plinth0", key: "0002", address: "10.213.0.2" };
const port = "link add p type veth peer name q\n";

const trials: readonly Trial[] = [
  { piece: "network namespaces", command: ["ip", "-batch", "-"], input: "link set lo up\n" },
  {
    piece: "bridges",
    command: ["ip", "-batch", "-"],
    input: "link add name b address 02:00:00:00:00:01 type bridge\n",
  },
  { piece: "pairs of virtual ports (veth)", command: ["ip", "-batch", "-"], input: port },
  {
    piece: "isolation of bridge ports",
    command: ["ip", "-batch", "-"],
    input: `link add name b type bridge\n${port}link set p master b\nlink set p type bridge_slave isolated on\n`,
  },
  {
    piece: "nftables of family bridge",
    command: ["nft", "-f", "-"],
    input: "table bridge t { chain c { type filter hook prerouting priority -350; }; }\n",
  },
  {
    piece: "nftables of family inet with address translation",
    command: ["nft", "-f", "-"],
    input:
      "table inet t { chain c { type nat hook postrouting priority srcnat; ip saddr 10.0.0.0/8 masquerade; }; }\n",
  },
  {
    piece: "nftables' matching of sockets (nft_socket)",
    command: ["nft", "-f", "-"],
    input: loopbackRules(80),
  },
  {
    piece: "nftables' rules that Plinth needs (dynamic sets, connection limits)",
    command: ["nft", "-f", "-"],
    input: `${trialRules}${instanceRules(instance, { default: "allow", allow: [], deny: ["192.0.2.0/24"] })}`,
  },
  {
    piece: "mounts for one process alone",
    command: ["unshare", "--mount", "--", "mount", "-t", "sysfs", "sysfs", "/sys"],
    input: "",
  },
];

/** Tries every piece in namespaces that go with the trial: nothing of the machine is changed. */
export async function detectNetwork(clock: Clock = systemClock): Promise<NetworkAbility> {
  if (process.getuid?.() !== 0)
    return {
      available: false,
      reason: "it needs root",
      hint: "Run Plinth as root to give each instance a network of its own.",
    };
  const missing = Object.keys(tools).filter((name) => findTool(name) === undefined);
  if (missing.length > 0) {
    const packages = [...new Set(missing.map((name) => tools[name]))];
    return {
      available: false,
      reason: `${missing.join(", ")} ${missing.length === 1 ? "is" : "are"} not installed`,
      hint: `apt-get install ${packages.join(" ")}, or what your system calls them.`,
    };
  }
  if (!isWritable("/proc/sys/net/ipv4/ip_forward"))
    return {
      available: false,
      reason: "the kernel's network settings (/proc/sys) are read-only here",
      hint: "In a container this takes a privileged one.",
    };
  for (const { piece, command, input } of trials) {
    try {
      await runTool("unshare", ["--net", "--", ...command], { clock, input });
    } catch (error) {
      return {
        available: false,
        reason: `this kernel or container lacks ${piece}`,
        hint: `It said: ${lastLine(messageOf(error))}.`,
      };
    }
  }
  return { available: true };
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

const lastLine = (text: string): string => text.trim().split("\n")[0] ?? "";
