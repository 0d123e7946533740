import { Exposition } from "@plinth/metrics";
import type { Fairness } from "./fairness.ts";
import type { Resource } from "./quotas.ts";
import type { Share, ShareCounts } from "./share.ts";

function labelsOf({ owner }: ShareCounts): Record<string, string> {
  const { app, service, role } = owner;
  return role === "caller" ? { app, src_service: service } : { dst_app: app, dst_service: service };
}

const gauges = [
  ["proxy_workload_connections", "Client connections open.", (share: Share) => share.connections.has],
  ["proxy_workload_streams", "HTTP/2 requests under way.", (share: Share) => share.streams.has],
  ["proxy_workload_held_bytes", "Bytes kept for slow readers.", (share: Share) => share.held.has],
] as const;

/** Metrics of what workloads take of the proxy, and what they were refused. */
export function fairText(fairness: Fairness): string {
  const text = new Exposition();
  for (const [name, help, value] of gauges) {
    text.family(name, "gauge", help);
    const sums = new Map<ShareCounts, number>();
    for (const share of fairness.shares())
      sums.set(share.counts, (sums.get(share.counts) ?? 0) + value(share));
    for (const [counts, sum] of sums) text.sample(labelsOf(counts), sum);
  }
  text.family("proxy_refused_total", "counter", "Refused to a workload, so that enough is left for others.");
  for (const counts of fairness.counts()) {
    for (const [resource, count] of counts.refused) text.sample({ ...labelsOf(counts), resource }, count);
  }
  text.family("proxy_deferred_total", "counter", "Reads that waited while other workloads had their turn.");
  for (const counts of fairness.counts()) {
    if (counts.owner.role === "caller") text.sample(labelsOf(counts), counts.deferred);
  }
  const { connections, streams, calls, held } = fairness.quotas;
  text.family("proxy_limit", "gauge", "Most of it for all workloads together.");
  const taken: readonly (readonly [Resource, number, number])[] = [
    ["connections", connections.max, connections.taken],
    ["streams", streams.max, streams.taken],
    ["calls", calls.max, calls.taken],
    ["held_bytes", held.max, held.taken],
  ];
  for (const [resource, max] of taken) text.sample({ resource }, max);
  text.family("proxy_taken", "gauge", "What all workloads together have of it.");
  for (const [resource, , now] of taken) text.sample({ resource }, now);
  return text.toString();
}
