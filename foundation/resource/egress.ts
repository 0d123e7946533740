import type { ServiceSpec } from "./kinds.ts";

export interface EgressLists {
  readonly default: "allow" | "deny";
  readonly allow: readonly string[];
  readonly deny: readonly string[];
}

const isAddress = (entry: string): boolean => /^[0-9.]+(\/[0-9]+)?$/.test(entry);
const isName = (entry: string): boolean => entry !== "*" && !isAddress(entry);

/**
 * A service's egress, sorted by who enforces it: the packet filter knows addresses, the name server names. Undefined
 * where nothing is asked for.
 */
export function egressLists(
  spec: ServiceSpec,
): { readonly addresses: EgressLists; readonly names: EgressLists } | undefined {
  if (spec.egress === undefined) return undefined;
  const { allow, deny = [] } = spec.egress;
  const isOpen = (allow === undefined || allow.includes("*")) && !deny.includes("*");
  const lists = (belongs: (entry: string) => boolean): EgressLists => ({
    default: isOpen ? "allow" : "deny",
    allow: (allow ?? []).filter(belongs),
    deny: deny.filter(belongs),
  });
  return { addresses: lists(isAddress), names: lists(isName) };
}
