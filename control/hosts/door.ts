import { socketAddressOf } from "@plinth/connect";
import type { Registry } from "@plinth/registry";
import type { Door } from "./messages.ts";

/** Where a host's proxy takes calls of others, as it is on record. */
export function doorOnRecord(registry: Registry, host: string): Door | undefined {
  const address = registry.get("Host", host)?.status?.address;
  return address === undefined ? undefined : socketAddressOf(address);
}
