import { isIP } from "node:net";

/** glibc asks no more than the first three. */
const RESOLVERS_MAX = 3;
const PORT = 53;

/** The resolvers that resolv.conf(5) names, as `ip:port`. The host asks them, so stubs on its loopback work, too. */
export function hostResolvers(resolvConf: string): string[] {
  return resolvConf
    .split("\n")
    .map((line) => /^\s*nameserver\s+(\S+)/.exec(line)?.[1])
    .filter((address) => address !== undefined && isIP(address) !== 0)
    .slice(0, RESOLVERS_MAX)
    .map((address) => (address!.includes(":") ? `[${address}]:${PORT}` : `${address}:${PORT}`));
}
