/** Which host names a service may look up. Entries that are addresses are the packet filter's and match no name. */
export interface EgressNames {
  readonly default: "allow" | "deny";
  readonly allow: readonly string[];
  readonly deny: readonly string[];
}

/** How specific a pattern is that covers the name; -1: it does not. */
function reach(pattern: string, name: string): number {
  if (pattern === "*") return 0;
  const wanted = pattern.toLowerCase();
  if (wanted.startsWith("*.")) return name.endsWith(wanted.slice(1)) ? wanted.length : -1;
  return wanted === name ? Number.MAX_SAFE_INTEGER : -1;
}

const furthest = (patterns: readonly string[], name: string): number =>
  patterns.reduce((best, pattern) => Math.max(best, reach(pattern, name)), -1);

/** The most specific entry decides; of equals, deny. `listed`: an entry said so, not the default. */
export function judgeName(
  policy: EgressNames | undefined,
  name: string,
): { readonly allowed: boolean; readonly listed: boolean } {
  if (policy === undefined) return { allowed: true, listed: false };
  const denied = furthest(policy.deny, name);
  const allowed = furthest(policy.allow, name);
  if (denied < 0 && allowed < 0) return { allowed: policy.default === "allow", listed: false };
  return { allowed: allowed > denied, listed: true };
}
