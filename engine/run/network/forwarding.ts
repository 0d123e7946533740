import { mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

const SWITCH = "/proc/sys/net/ipv4/ip_forward";
/** What it was before the first home of this machine turned it on; gone with a restart, as the switch's setting is. */
const MEMORY = "/run/plinth/ip-forward";

export const BRIDGE_PATTERN: RegExp = /^plinth[0-9]{1,2}$/;

/** Bridges of all homes on this machine. */
export function allBridges(): string[] {
  return readdirSync("/sys/class/net").filter((name) => BRIDGE_PATTERN.test(name));
}

/** Turns on what egress needs: forwarding between interfaces. True when it was off. */
export function enableForwarding(): boolean {
  const before = readFileSync(SWITCH, "utf8").trim();
  if (before !== "0") return false;
  mkdirSync(dirname(MEMORY), { recursive: true, mode: 0o755 });
  writeFileSync(MEMORY, before);
  writeFileSync(SWITCH, "1");
  return true;
}

/** Whether a home of this machine turned it on. */
export function isForwardingOurs(): boolean {
  try {
    return readFileSync(MEMORY, "utf8") === "0";
  } catch {
    return false;
  }
}

/** Puts it back to what it was, once no home is left that needs it. */
export function restoreForwarding(): void {
  if (!isForwardingOurs() || allBridges().length > 0) return;
  writeFileSync(SWITCH, "0");
  rmSync(MEMORY, { force: true });
  try {
    rmdirSync(dirname(MEMORY));
  } catch {
    // Something else of Plinth is in it.
  }
}
