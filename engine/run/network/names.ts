import { createHash } from "node:crypto";
import { addressNumber, type Subnet } from "./subnet.ts";

/** Where `ip netns` keeps them. */
export const NAMESPACES = "/run/netns";
/** The instance's end of its pair. */
export const INSTANCE_PORT = "eth0";

/** The bridge of a home has this address from the moment it exists, which is how it is found again. */
export function bridgeMac(homeId: string): string {
  const digest = createHash("sha256").update(homeId).digest("hex");
  // Locally administered, unicast.
  return ["02", ...[0, 2, 4, 6, 8].map((at) => digest.slice(at, at + 2))].join(":");
}

export function instanceMac(address: string): string {
  const hex = (addressNumber(address) ?? 0).toString(16).padStart(8, "0");
  return `02:70:${[0, 2, 4, 6].map((at) => hex.slice(at, at + 2)).join(":")}`;
}

/** The host part of an instance's address: what its port, chains and sets are named after. */
export function addressKey(subnet: Subnet, address: string): string {
  const digits = Math.ceil((32 - subnet.bits) / 4);
  return ((addressNumber(address) ?? 0) - subnet.first).toString(16).padStart(digits, "0");
}

export const portName = (bridge: string, key: string): string => `${bridge}-${key}`;
export const namespaceName = (bridge: string, id: string): string => `${bridge}.${id}`;
export const namespacePath = (bridge: string, id: string): string =>
  `${NAMESPACES}/${namespaceName(bridge, id)}`;
