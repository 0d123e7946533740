import type { Clock } from "@plinth/clock";
import { Fault } from "@plinth/fault";
import { bridgeOf } from "./bridge.ts";
import { addressKey } from "./names.ts";
import { addressNumber, halfOf, parseSubnet } from "./subnet.ts";
import { runTool } from "./tool.ts";

export interface ResolvedOptions {
  readonly clock: Clock;
  readonly homeId: string;
  readonly subnet: string;
  /** The instance that asked for the name, by its own address. */
  readonly instance: string;
  /** What the name resolved to. */
  readonly addresses: readonly string[];
  readonly ttlSeconds: number;
}

/** A resolved address is allowed at least so long: programs connect a while after they asked. */
const SECONDS_LEAST = 60;
const SECONDS_MOST = 86_400;
/** More than any name server answers over UDP. */
const ADDRESSES_MAX = 64;

/**
 * Lets an instance connect to what an allowed name resolved to, for a while, where its lists do not deny it. Needs no
 * open HostNetwork: the name server's process does it while no daemon runs.
 */
export async function allowResolved(options: ResolvedOptions): Promise<void> {
  const { clock, instance, addresses, ttlSeconds } = options;
  const subnet = parseSubnet(options.subnet);
  const bridge = bridgeOf(options.homeId);
  if (bridge === undefined || halfOf(subnet, instance) !== "instances")
    throw new Fault("not-found", `Cannot allow addresses for ${instance}: it has no network of its own`);
  const strange = addresses.find((address) => addressNumber(address) === undefined);
  if (strange !== undefined || addresses.length > ADDRESSES_MAX)
    throw new Fault("invalid", `Cannot allow ${strange ?? `${addresses.length} addresses`} for ${instance}`);
  if (addresses.length === 0) return;
  const seconds = Math.round(Math.min(SECONDS_MOST, Math.max(SECONDS_LEAST, ttlSeconds)));
  const set = `inet ${bridge} resolved-${addressKey(subnet, instance)}`;
  const plain = addresses.join(", ");
  const timed = addresses.map((address) => `${address} timeout ${seconds}s`).join(", ");
  // Adding one that is there would keep its old timeout.
  const input = `add element ${set} { ${plain} }\ndelete element ${set} { ${plain} }\nadd element ${set} { ${timed} }\n`;
  await runTool("nft", ["-f", "-"], { clock, input });
}
