import type { RememberedName } from "@plinth/connect";
import type { EgressStat } from "@plinth/resource";
import type { EgressCounter } from "@plinth/run";

/**
 * Joins what instances exchanged with addresses and the names their services asked for them by: one row per service
 * and host, an address that was never asked for by name on its own. Most bytes first.
 */
export function egressStats(
  counters: readonly EgressCounter[],
  names: readonly RememberedName[],
  ownerOf: (instance: string) => { readonly app: string; readonly service: string } | undefined,
): EgressStat[] {
  const hosts = new Map(
    names.map(({ app, service, address, name }) => [`${app} ${service} ${address}`, name]),
  );
  const rows: EgressStat[] = [];
  for (const { id, destination, port, protocol, bytes, packets, connections } of counters) {
    const owner = ownerOf(id);
    if (owner === undefined) continue;
    const { app, service } = owner;
    const host = hosts.get(`${app} ${service} ${destination}`) ?? null;
    rows.push({ app, service, host, address: destination, port, protocol, bytes, packets, connections });
  }
  return mergeEgress(rows);
}

/** One row for all of a service's with the same host, or address without one, of whatever instance. */
export function mergeEgress(all: readonly EgressStat[]): EgressStat[] {
  const rows = new Map<string, EgressStat>();
  for (const row of all) {
    const key = `${row.app} ${row.service} ${row.host ?? row.address} ${row.port} ${row.protocol}`;
    const before = rows.get(key);
    if (before === undefined) {
      rows.set(key, row);
      continue;
    }
    rows.set(key, {
      ...before,
      bytes: before.bytes + row.bytes,
      packets: before.packets + row.packets,
      connections: before.connections + row.connections,
    });
  }
  return [...rows.values()].sort((one, other) => other.bytes - one.bytes);
}
