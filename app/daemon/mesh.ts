import { readFileSync } from "node:fs";
import { hostResolvers, MeshAddresses, type TransparentFrame } from "@plinth/discovery";
import type { Clock } from "@plinth/clock";
import { Fault, messageOf } from "@plinth/fault";
import type { Log } from "@plinth/log";
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

/** How this machine gives instances networks of their own. */
export interface Networking {
  /** Takes a moment: it tries each piece in a namespace made for it. */
  readonly detect: () => Promise<MeshAbility>;
  /** Makes the host's side of a home's network, or takes over what is there. */
  open(home: {
    readonly homeId: string;
    readonly subnet: string;
    readonly directory: string;
  }): Promise<InstanceNetworks>;
}

export interface MeshChoice {
  readonly mode: MeshMode;
  readonly reason: string;
}

/**
 * The mode of a home, decided at its first start and kept: addresses of both kinds stand in instances' environments.
 * Fault where what was asked for or chosen cannot be had; nothing is weakened silently.
 */
export async function chooseMesh(
  stored: { readonly mesh?: MeshMode; readonly block?: number } | undefined,
  wish: MeshMode | undefined,
  detect: () => Promise<MeshAbility>,
): Promise<MeshChoice> {
  // A home without the setting that has its block is of a version that knew one mode.
  const kept = stored?.mesh ?? (stored?.block === undefined ? undefined : "cooperative");
  if (kept !== undefined && wish !== undefined && kept !== wish) {
    throw new Fault("conflict", `Cannot use the ${wish} mode: this home was made for the ${kept} one`, {
      hint: "A home keeps its mode; choose another home with --home.",
    });
  }
  if ((kept ?? wish) === "cooperative")
    return {
      mode: "cooperative",
      reason: wish === undefined ? "this home was made for it" : "it was asked for",
    };
  const ability = await detect();
  const mode = kept ?? wish ?? (ability.available ? "transparent" : "cooperative");
  if (mode === "transparent" && !ability.available) {
    throw new Fault("unsupported", `Cannot use the transparent mode: ${ability.reason ?? "unknown reason"}`, {
      hint: ability.hint ?? "Use --mesh cooperative with another home.",
    });
  }
  if (mode === "transparent") return { mode, reason: "each instance has a network of its own" };
  return { mode, reason: ability.reason ?? "unknown reason" };
}

/** Joins addresses and networks of a home in transparent mode. */
export async function openMesh(
  store: Store,
  subnet: string,
  networks: InstanceNetworks,
  announced: () => Promise<void>,
): Promise<{ readonly mesh: Mesh; readonly frame: () => TransparentFrame }> {
  const addresses = new MeshAddresses(store, subnet);
  // All at once, before any app is learnt: the proxy listens there already.
  await networks.setVirtualAddresses(addresses.services());
  return {
    mesh: { addresses, networks, announced },
    frame: () => ({ gateway: addresses.gateway, upstreams: hostResolvers(resolvConf()) }),
  };
}

/** Without its rules an address is no identity: until the next look anybody could send from it. */
const REPAIR_MS = 10_000;

/** Sees to it that what holds instances to their addresses stays in place, until the signal. */
export async function keepRepaired(
  networks: InstanceNetworks,
  clock: Clock,
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await clock.sleep(REPAIR_MS, signal).catch(() => undefined);
    if (signal.aborted) return;
    await networks.repair().then(
      (repaired) => {
        if (repaired) log.warn("something had removed the instances' firewall rules; they are back");
      },
      (error: unknown) => log.error("cannot look after the instances' networks", { error: messageOf(error) }),
    );
  }
}

function resolvConf(): string {
  try {
    return readFileSync("/etc/resolv.conf", "utf8");
  } catch {
    return ""; // names of the mesh are answered all the same
  }
}
