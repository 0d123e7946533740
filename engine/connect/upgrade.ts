import type { Head } from "@plinth/http1";

/**
 * Whether a request's Upgrade is passed on: one protocol alone, and not h2c, which would carry requests past this
 * proxy's eyes. In a list the instance could choose it.
 */
export function passesUpgrade(head: Head): boolean {
  if (!head.upgrade) return false;
  const protocol = head.value(head.upgradeIndex).toLowerCase();
  return !/[,\s]/.test(protocol) && !protocol.startsWith("h2c");
}
