import { readFileSync } from "node:fs";
import { type Clock, systemClock } from "@plinth/clock";
import { findTool } from "../tool-path.ts";
import { isForwardingOurs } from "./forwarding.ts";
import { runTool } from "./tool.ts";

interface Chain {
  readonly family: string;
  readonly table: string;
  readonly name: string;
  readonly hook?: string;
  readonly policy?: string;
}

/** All chains of the machine's nft tables. */
export async function listChains(clock: Clock): Promise<Chain[]> {
  const listed = JSON.parse(await runTool("nft", ["-j", "list", "chains"], { clock })) as {
    nftables: readonly { readonly chain?: Chain }[];
  };
  return listed.nftables.map(({ chain }) => chain).filter((chain) => chain !== undefined);
}

const isOurs = (table: string): boolean => /^plinth[0-9]*$/.test(table);
const FAMILIES: ReadonlySet<string> = new Set(["ip", "inet"]);

/** What other firewalls of this machine do to instances: a packet must pass all of them, ours cannot overrule. */
export async function firewallNotices(clock: Clock = systemClock, bridge = "plinth0"): Promise<string[]> {
  const notices: string[] = [];
  if (isForwardingOurs())
    notices.push("IP forwarding was off on this machine and is on while Plinth's instances need it");
  if (findTool("nft") === undefined) return notices;
  for (const { family, table, name, hook, policy } of await listChains(clock)) {
    if (policy !== "drop" || !FAMILIES.has(family) || isOurs(table)) continue;
    if (hook === "forward")
      notices.push(
        `another firewall drops what is forwarded (chain ${name} of table ${family} ${table}, as Docker and ufw set it): ` +
          `unless it accepts what comes from and goes to ${bridge}, instances cannot reach the world`,
      );
    if (hook === "input")
      notices.push(
        `another firewall drops what arrives (chain ${name} of table ${family} ${table}): ` +
          `unless it accepts what comes from ${bridge}, instances reach neither names nor services`,
      );
  }
  if (legacyTables() !== "")
    notices.push(
      "iptables-legacy rules are loaded, which cannot be read here; they must let pass what comes from and goes to " +
        bridge,
    );
  return notices;
}

function legacyTables(): string {
  try {
    return readFileSync("/proc/net/ip_tables_names", "utf8").trim();
  } catch {
    return ""; // no legacy iptables in this kernel
  }
}
