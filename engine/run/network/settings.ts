import { writeFileSync } from "node:fs";
import { INSTANCE_PORT } from "./names.ts";

/** Of the bridge alone; the host's other interfaces stay as they are. */
const bridgeSettings: Readonly<Record<string, string>> = {
  "ipv6/conf/BRIDGE/disable_ipv6": "1",
  "ipv4/conf/BRIDGE/rp_filter": "1",
  "ipv4/conf/BRIDGE/arp_ignore": "1",
  "ipv4/conf/BRIDGE/send_redirects": "0",
  "ipv4/conf/BRIDGE/accept_redirects": "0",
  "ipv4/conf/BRIDGE/accept_source_route": "0",
  "ipv4/conf/BRIDGE/route_localnet": "0",
};

export function setBridge(bridge: string): void {
  for (const [setting, value] of Object.entries(bridgeSettings)) {
    try {
      writeFileSync(`/proc/sys/net/${setting.replace("BRIDGE", bridge)}`, value);
    } catch (error) {
      // A kernel without IPv6 has none of it to switch off.
      if ((error as NodeJS.ErrnoException).code !== "ENOENT" || !setting.startsWith("ipv6")) throw error;
    }
  }
}

/** For `sysctl` inside a namespace. Programs may ping and serve on low ports without privileges. */
export const INSIDE_SETTINGS: string = [
  "net.ipv4.ping_group_range=0 2147483647",
  "net.ipv4.ip_unprivileged_port_start=0",
  // For `loopbackRules`, as is the next: what they leave alone after its first packet is no connection of theirs.
  `net.ipv4.conf.${INSTANCE_PORT}.route_localnet=1`,
  "net.netfilter.nf_conntrack_tcp_loose=0",
  "net.ipv4.conf.all.accept_redirects=0",
  `net.ipv4.conf.${INSTANCE_PORT}.accept_redirects=0`,
  "",
].join("\n");
