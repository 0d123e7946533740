import { decidedRanges, type EgressPolicy } from "./egress-policy.ts";
import { instanceMac, portName } from "./names.ts";

/** One instance in the tables of its home. */
export interface RuledInstance {
  readonly bridge: string;
  /** Its host part, which its chains and sets are named after. */
  readonly key: string;
  readonly address: string;
}

/** Destinations counted per instance; what comes after that passes uncounted until old ones time out. */
const DESTINATIONS_MAX = 4096;
const DESTINATION_TIMEOUT = "1h";
/** Open connections to the world per instance: all instances share the machine's table of 65,536 or more. */
const CONNECTIONS_MAX = 4096;
/** Addresses that names of one instance resolved to at a time. */
const RESOLVED_MAX = 4096;

/** Adds an instance to the tables, or brings one that is there up to date; its counters stay. */
export function instanceRules(instance: RuledInstance, policy: EgressPolicy): string {
  const { bridge, key, address } = instance;
  const table = `inet ${bridge}`;
  return `
${chainsOf(instance)}
add set ${table} passed-${key} { type ipv4_addr . inet_proto . inet_service; size ${DESTINATIONS_MAX}; flags dynamic,timeout; timeout ${DESTINATION_TIMEOUT}; }
add set ${table} begun-${key} { type ipv4_addr . inet_proto . inet_service; size ${DESTINATIONS_MAX}; flags dynamic,timeout; timeout ${DESTINATION_TIMEOUT}; }
add set ${table} other-${key} { type ipv4_addr . inet_proto; size ${DESTINATIONS_MAX}; flags dynamic,timeout; timeout ${DESTINATION_TIMEOUT}; }
add set ${table} resolved-${key} { type ipv4_addr; size ${RESOLVED_MAX}; flags timeout; }
add map ${table} decided-${key} { type ipv4_addr : verdict; flags interval; }
flush chain ${table} pass-${key}
add rule ${table} pass-${key} meta l4proto { tcp, udp } update @passed-${key} { ip daddr . meta l4proto . th dport counter } accept
add rule ${table} pass-${key} update @other-${key} { ip daddr . meta l4proto counter }
add rule ${table} pass-${key} accept
flush chain ${table} reply-${key}
add rule ${table} reply-${key} meta l4proto { tcp, udp } update @passed-${key} { ip saddr . meta l4proto . th sport counter } accept
add rule ${table} reply-${key} update @other-${key} { ip saddr . meta l4proto counter }
add rule ${table} reply-${key} accept
flush chain ${table} begin-${key}
add rule ${table} begin-${key} ct count over ${CONNECTIONS_MAX} counter name refused-egress goto refuse
add rule ${table} begin-${key} meta l4proto { tcp, udp } update @begun-${key} { ip daddr . meta l4proto . th dport counter }
add rule ${table} begin-${key} goto pass-${key}
${egressRules(instance, policy)}
add element ${table} leaving { ${address} : jump leave-${key} }
add element ${table} replying { ${address} : jump reply-${key} }
${ownElement("add", instance)}
`;
}

/** What an instance may reach of the world. */
export function egressRules(instance: RuledInstance, policy: EgressPolicy): string {
  const { bridge, key } = instance;
  const table = `inet ${bridge}`;
  const elements = decidedRanges(policy).map(({ range, verdict }) =>
    verdict === "allow" ? `${range} : goto begin-${key}` : `${range} : goto refuse-egress-${key}`,
  );
  const last = policy.default === "allow" ? `begin-${key}` : `refuse-egress-${key}`;
  return `
${chainsOf(instance)}
flush chain ${table} refuse-egress-${key}
add rule ${table} refuse-egress-${key} counter name refused-egress goto refuse
flush chain ${table} leave-${key}
add rule ${table} leave-${key} ct state established,related goto pass-${key}
add rule ${table} leave-${key} ct state != new drop
add rule ${table} leave-${key} ip daddr vmap @decided-${key}
add rule ${table} leave-${key} ip daddr @resolved-${key} goto begin-${key}
add rule ${table} leave-${key} goto ${last}
flush map ${table} decided-${key}
${elements.length === 0 ? "" : `add element ${table} decided-${key} { ${elements.join(", ")} }`}
`;
}

/** Takes an instance out of the tables, however much of it is there. */
export function removalRules(instance: RuledInstance): string {
  const { bridge, key, address } = instance;
  const table = `inet ${bridge}`;
  const chains = CHAINS.map((name) => `${name}-${key}`);
  const sets = ["passed", "begun", "other", "resolved"].map((name) => `${name}-${key}`);
  return [
    // What is missing is added first: deleting it would fail the whole transaction.
    instanceRules(instance, { default: "deny", allow: [], deny: [] }),
    ownElement("delete", instance),
    `delete element ${table} leaving { ${address} }`,
    `delete element ${table} replying { ${address} }`,
    ...chains.map((name) => `flush chain ${table} ${name}`),
    ...chains.map((name) => `delete chain ${table} ${name}`),
    `delete map ${table} decided-${key}`,
    ...sets.map((name) => `delete set ${table} ${name}`),
    "",
  ].join("\n");
}

const CHAINS: readonly string[] = ["leave", "refuse-egress", "begin", "pass", "reply"];

/** Before the maps that lead to them: nft 1.0 sends a map's elements along with the map. */
const chainsOf = ({ bridge, key }: RuledInstance): string =>
  CHAINS.map((name) => `add chain inet ${bridge} ${name}-${key}`).join("\n");

function ownElement(deed: "add" | "delete", { bridge, key, address }: RuledInstance): string {
  return `${deed} element bridge ${bridge} own { "${portName(bridge, key)}" . ${instanceMac(address)} . ${address} }`;
}

/**
 * In the instance's namespace: a connection to its port that no socket there would take goes to 127.0.0.1, for
 * programs that listen on loopback only. Everything else stays untracked and pays one lookup. While a connection is
 * set up its socket does not match; tracking finds nothing then, and lets it pass.
 */
export function loopbackRules(port: number): string {
  return `
table inet plinth {
  chain untracked-in {
    type filter hook prerouting priority raw; policy accept;
    iifname != "eth0" accept
    meta l4proto != tcp notrack accept
    tcp dport != ${port} notrack accept
    socket wildcard 0 notrack
    socket wildcard 1 notrack
  }
  chain untracked-out {
    type filter hook output priority raw; policy accept;
    oifname "eth0" ip saddr != 127.0.0.0/8 notrack
  }
  chain to-loopback {
    type nat hook prerouting priority dstnat; policy accept;
    iifname "eth0" tcp dport ${port} dnat ip to 127.0.0.1
  }
}
`;
}
