import { createHash } from "node:crypto";
import type { Subnet } from "./subnet.ts";

export interface BaseRules {
  /** Name of a chain that only these very rules have: tells whether what is in the kernel is ours and current. */
  readonly mark: string;
  /** Makes both tables anew, in one transaction with whatever follows. */
  readonly text: string;
}

/**
 * What holds for all instances of a home. The `bridge` table sees to it that a frame from a port carries that port's
 * own addresses; the `inet` table decides where a packet with such an address may go. A port without an entry in
 * `own` can send nothing, so an instance is never on the network before its rules are.
 *
 * Traffic between instances and this host is not tracked: a flood from an instance must not fill the machine's
 * connection table, and the mesh must not pay for it. Instead only the first packet of a connection, the one with SYN
 * and without ACK, is judged; any other that belongs to no connection is answered with a reset by the kernel. A virtual
 * address takes what the proxy listens for there, and nobody who listens everywhere. A connection that is being made, or
 * has just ended (TIME_WAIT), tells of neither: there only the proxy can have one, and its client may use the port again.
 */
export function baseRules(bridge: string, mac: string, subnet: Subnet): BaseRules {
  const { cidr, gateway, instances, virtual } = subnet;
  const body = (mark: string): string => `
add table bridge ${bridge}
delete table bridge ${bridge}
add table inet ${bridge}
delete table inet ${bridge}
table bridge ${bridge} {
  chain ${mark} { }
  set own { type ifname . ether_addr . ipv4_addr; }
  counter spoofed { }
  chain from-port {
    type filter hook prerouting priority -350; policy accept;
    iifname != "${bridge}-*" accept
    ether type { 8021q, 8021ad } counter name spoofed drop
    ether daddr ${mac} ip version 4 ip hdrlength 5 iifname . ether saddr . ip saddr @own accept
    arp htype 1 arp ptype ip arp hlen 6 arp plen 4 arp operation { request, reply } arp daddr ip ${gateway} iifname . ether saddr . arp saddr ip @own iifname . arp saddr ether . arp saddr ip @own accept
    counter name spoofed drop
  }
  chain link-local {
    type filter hook input priority -350; policy accept;
    iifname "${bridge}-*" ether daddr 01:80:c2:00:00:00-01:80:c2:00:00:ff counter name spoofed drop
  }
  chain between-ports {
    type filter hook forward priority -350; policy accept;
    iifname "${bridge}-*" counter name spoofed drop
    oifname "${bridge}-*" drop
  }
  chain to-port {
    type filter hook output priority -350; policy accept;
    oifname != "${bridge}-*" accept
    oifname . ether daddr . ip daddr @own accept
    oifname . arp daddr ether . arp daddr ip @own accept
    drop
  }
}
table inet ${bridge} {
  chain ${mark} { }
  counter refused-host { }
  counter refused-neighbours { }
  counter refused-special { }
  counter refused-egress { }
  map leaving { type ipv4_addr : verdict; }
  map replying { type ipv4_addr : verdict; }
  chain refuse {
    meta l4proto tcp reject with tcp reset
    reject with icmp type admin-prohibited
  }
  chain untracked-in {
    type filter hook prerouting priority raw; policy accept;
    iifname "${bridge}" ip daddr ${cidr} notrack
  }
  chain untracked-out {
    type filter hook output priority raw; policy accept;
    oifname "${bridge}" ip daddr ${cidr} notrack
  }
  chain arriving {
    type filter hook input priority filter - 10; policy accept;
    iifname "${bridge}" goto to-host
    iifname "${bridge}-*" drop
    iifname != "lo" ip daddr ${cidr} drop
    iifname != "lo" ip saddr ${cidr} drop
  }
  chain to-host {
    ip daddr ${cidr} tcp flags & (syn | ack) != syn accept
    ip daddr ${virtual} meta l4proto tcp socket wildcard 0 accept
    ip daddr ${virtual} meta l4proto tcp socket wildcard 1 counter name refused-host goto refuse
    ip daddr ${virtual} meta l4proto tcp socket transparent 0 accept
    ip daddr ${gateway} meta l4proto { tcp, udp } th dport 53 accept
    ip daddr ${cidr} icmp type { echo-request, echo-reply, destination-unreachable, time-exceeded, parameter-problem } accept
    counter name refused-host goto refuse
  }
  chain crossing {
    type filter hook forward priority filter - 10; policy accept;
    iifname "${bridge}" goto leave
    iifname "${bridge}-*" drop
    oifname "${bridge}" goto reply
  }
  chain leave {
    oifname "plinth*" counter name refused-neighbours goto refuse
    ip daddr ${cidr} counter name refused-neighbours goto refuse
    ip daddr { 0.0.0.0/8, 127.0.0.0/8, 169.254.0.0/16, 224.0.0.0/4, 240.0.0.0/4 } counter name refused-special goto refuse
    ip saddr vmap @leaving
    drop
  }
  chain reply {
    ct state established,related ip daddr vmap @replying
    drop
  }
  chain source {
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr ${instances} oifname != "${bridge}" masquerade
  }
}
`;
  const digest = createHash("sha256").update(body("rules")).digest("hex").slice(0, 12);
  const mark = `rules-${digest}`;
  return { mark, text: body(mark) };
}
