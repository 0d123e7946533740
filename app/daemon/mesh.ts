import { readFileSync } from "node:fs";
import { hostResolvers, MeshAddresses, type TransparentFrame } from "@plinth/discovery";
import { Fault } from "@plinth/fault";
import type { InstanceNetworks, Mesh } from "@plinth/release";
import type { Store } from "@plinth/store";

/** How instances meet: each in a network of its own, or all in the host's. */
export type MeshMode = "transparent" | "cooperative";

/** What this machine can do for transparent mode. */
export interface MeshAbility {
  readonly available: boolean;
  /** Why not. */
  readonly reason?: string;
  readonly hint?: string;
}

/** Makes the host's side of a home's network in this subnet. */
export type OpenNetworks = (subnet: string) => Promise<InstanceNetworks>;

/** Until drivers can put a task into a network of its own. */
export const NO_NETWORKS: MeshAbility = {
  available: false,
  reason: "this version of Plinth cannot give instances networks of their own",
};

export interface MeshChoice {
  readonly mode: MeshMode;
  readonly reason: string;
}

/**
 * The mode of a home, decided at its first start and kept: addresses of both kinds stand in instances' environments.
 * Fault where what was asked for or chosen cannot be had; nothing is weakened silently.
 */
export function chooseMesh(
  stored: { readonly mesh?: MeshMode; readonly block?: number } | undefined,
  wish: MeshMode | undefined,
  ability: MeshAbility,
): MeshChoice {
  // A home without the setting that has its block is of a version that knew one mode.
  const kept = stored?.mesh ?? (stored?.block === undefined ? undefined : "cooperative");
  if (kept !== undefined && wish !== undefined && kept !== wish) {
    throw new Fault("conflict", `Cannot use the ${wish} mode: this home was made for the ${kept} one`, {
      hint: "A home keeps its mode; choose another home with --home.",
    });
  }
  const mode = kept ?? wish ?? (ability.available ? "transparent" : "cooperative");
  if (mode === "transparent" && !ability.available) {
    throw new Fault("unsupported", `Cannot use the transparent mode: ${ability.reason ?? "unknown reason"}`, {
      hint: ability.hint ?? "Use --mesh cooperative with another home.",
    });
  }
  if (mode === "transparent") return { mode, reason: "each instance has a network of its own" };
  if (wish === mode) return { mode, reason: "it was asked for" };
  if (kept !== undefined) return { mode, reason: "this home was made for it" };
  return { mode, reason: ability.reason ?? "unknown reason" };
}

/** Joins addresses and networks of a home in transparent mode. */
export async function openMesh(
  store: Store,
  subnet: string,
  openNetworks: OpenNetworks,
  announced: () => Promise<void>,
): Promise<{ readonly mesh: Mesh; readonly frame: () => TransparentFrame }> {
  const addresses = new MeshAddresses(store, subnet);
  const networks = await openNetworks(subnet);
  // All at once, before any app is learnt: the proxy listens there already.
  await networks.setVirtualAddresses(addresses.services());
  return {
    mesh: { addresses, networks, announced },
    frame: () => ({ gateway: addresses.gateway, upstreams: hostResolvers(resolvConf()) }),
  };
}

function resolvConf(): string {
  try {
    return readFileSync("/etc/resolv.conf", "utf8");
  } catch {
    return ""; // names of the mesh are answered all the same
  }
}
