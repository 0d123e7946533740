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
  const rows = new Map<string, EgressStat>();
  for (const { id, destination, port, protocol, bytes, packets, connections } of counters) {
    const owner = ownerOf(id);
    if (owner === undefined) continue;
    const { app, service } = owner;
    const host = hosts.get(`${app} ${service} ${destination}`) ?? null;
    const key = `${app} ${service} ${host ?? destination} ${port} ${protocol}`;
    const before = rows.get(key);
    rows.set(key, {
      app,
      service,
      host,
      address: before?.address ?? destination,
      port,
      protocol,
      bytes: (before?.bytes ?? 0) + bytes,
      packets: (before?.packets ?? 0) + packets,
      connections: (before?.connections ?? 0) + connections,
    });
  }
  return [...rows.values()].sort((one, other) => other.bytes - one.bytes);
}
