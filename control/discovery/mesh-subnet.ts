import { Fault } from "@plinth/fault";
import type { MachineClaims } from "./machine-claims.ts";

/** 10.213.0.0/16 to 10.250.0.0/16: far from what routers, Docker and clouds hand out by default. */
const FIRST = 213;
const SUBNETS = 38;

export const subnetOf = (slot: number): string => `10.${FIRST + slot}.0.0/16`;

/** The slot a subnet was made from; undefined for any other text. */
export function slotOfSubnet(subnet: string): number | undefined {
  for (let slot = 0; slot < SUBNETS; slot++) if (subnetOf(slot) === subnet) return slot;
  return undefined;
}

/** Whether a route, as in /proc/net/route, leads into part of the subnet. The default route leads everywhere. */
function overlaps(slot: number, destination: number, mask: number): boolean {
  if (mask === 0) return false;
  const network = ((10 << 24) | ((FIRST + slot) << 16)) >>> 0;
  const common = (mask & 0xff_ff_00_00) >>> 0;
  return (network & common) >>> 0 === (destination & common) >>> 0;
}

/** The /16s that some route of the machine uses, by the text of /proc/net/route (words in host byte order). */
export function routedSlots(routeTable: string): Set<number> {
  const routes = routeTable
    .split("\n")
    .slice(1)
    .map((line) => line.split("\t"))
    .filter((fields) => fields.length > 7)
    .map((fields) => [wordOf(fields[1]!), wordOf(fields[7]!)] as const);
  const used = new Set<number>();
  for (let slot = 0; slot < SUBNETS; slot++) {
    if (routes.some(([destination, mask]) => overlaps(slot, destination, mask))) used.add(slot);
  }
  return used;
}

function wordOf(hex: string): number {
  const bytes = Buffer.from(hex.padStart(8, "0"), "hex");
  return bytes.readUInt32LE(0);
}

/** Claims the first subnet that neither another home nor a route of the machine has. */
export async function claimSubnet(claims: MachineClaims, routeTable: string): Promise<number> {
  const routed = routedSlots(routeTable);
  const passed: number[] = [];
  try {
    for (let slot = 0; slot < SUBNETS; slot++) {
      const claimed = await claims.claim("subnet", SUBNETS, slot);
      if (!routed.has(claimed)) return claimed;
      passed.push(claimed); // held until the end, so that the next claim is another one
    }
  } finally {
    for (const slot of passed) await claims.release("subnet", slot);
  }
  throw new Fault(
    "exhausted",
    "Cannot give instances a network: routes of this machine use 10.213 to 10.250",
  );
}
