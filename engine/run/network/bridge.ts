import { existsSync, readFileSync } from "node:fs";
import type { Clock } from "@plinth/clock";
import { Fault } from "@plinth/fault";
import { allBridges } from "./forwarding.ts";
import { bridgeMac } from "./names.ts";
import { runTool } from "./tool.ts";

/** Homes with a bridge on one machine: names have two digits. */
const HOMES_MAX = 100;

/** The bridge of a home, where it has one. */
export function bridgeOf(homeId: string): string | undefined {
  const mac = bridgeMac(homeId);
  return allBridges().find((name) => readFileSync(`/sys/class/net/${name}/address`, "utf8").trim() === mac);
}

/** The bridge of a home: `plinth0` for the first on a machine. */
export async function findOrMakeBridge(homeId: string, clock: Clock): Promise<string> {
  const found = bridgeOf(homeId);
  if (found !== undefined) return found;
  const make = ["address", bridgeMac(homeId), "type", "bridge"];
  for (let number = 0; number < HOMES_MAX; number += 1) {
    const name = `plinth${number}`;
    if (existsSync(`/sys/class/net/${name}`)) continue;
    try {
      await runTool("ip", ["link", "add", "name", name, ...make], { clock });
      return name;
    } catch (error) {
      // Another home was faster; any other failure is final.
      if (!existsSync(`/sys/class/net/${name}`)) throw error;
    }
  }
  throw new Fault("exhausted", `Cannot make a bridge: ${HOMES_MAX} homes have one already`);
}
