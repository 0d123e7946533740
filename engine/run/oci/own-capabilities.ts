import { readFileSync } from "node:fs";
import { CAPABILITY_NAMES } from "../container/capabilities.ts";

/** What this process may do. */
export function ownCapabilities(): readonly string[] {
  const [, digits = "0"] = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
  const bits = BigInt(`0x${digits}`);
  return CAPABILITY_NAMES.filter((_, number) => (bits & (1n << BigInt(number))) !== 0n);
}
