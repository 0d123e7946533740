import type { Instance } from "@plinth/resource";
import type { EdgeCounters, ProxyCounters, ServiceCounters } from "@plinth/stat";

/** A host's proxy cannot have more pairs than its instances have callees. */
const ROWS_MAX = 10_000;
const names = ["app", "caller", "calleeApp", "callee", "route"] as const;
const counts = [
  "success",
  "failure",
  "tcpOpen",
  "requests",
  "http2Requests",
  "grpcRequests",
  "retries",
  "opaqueOpened",
  "opaqueReadBytes",
  "opaqueWriteBytes",
] as const;

/**
 * What a host says its proxy has counted, as far as it is its own to say: calls of services that it runs. Undefined
 * when it is not of the right form.
 */
export function reportedCounters(value: unknown, own: readonly Instance[]): ProxyCounters | undefined {
  const { startedAt, edges, services } = (value ?? {}) as Readonly<Record<string, unknown>>;
  if (typeof startedAt !== "string" && typeof startedAt !== "number") return undefined;
  if (!Array.isArray(edges) || !Array.isArray(services) || edges.length + services.length > ROWS_MAX)
    return undefined;
  const callers = new Set(own.map(({ spec }) => `${spec.app}/${spec.service}`));
  return {
    startedAt,
    edges: edges
      .filter(isEdge)
      .filter(({ app, caller }) => callers.has(`${app}/${caller}`))
      .map((edge) => ({
        ...(Object.fromEntries(
          [...names, ...counts, "latencyBoundsMs", "latencyCounts"].map((key) => [
            key,
            edge[key as keyof EdgeCounters],
          ]),
        ) as unknown as EdgeCounters),
        overLinks: isCount(edge.overLinks) ? edge.overLinks : 0,
      })),
    services: services
      .filter(isService)
      .filter(({ app, service }) => callers.has(`${app}/${service}`))
      .map(({ app, service, readBytes, writeBytes }) => ({ app, service, readBytes, writeBytes })),
  };
}

const isCount = (value: unknown): value is number =>
  typeof value === "number" && Number.isFinite(value) && value >= 0;

function isEdge(value: unknown): value is EdgeCounters {
  const edge = (value ?? {}) as Readonly<Record<string, unknown>>;
  const { latencyBoundsMs, latencyCounts } = edge;
  return (
    names.every((name) => typeof edge[name] === "string") &&
    counts.every((name) => isCount(edge[name])) &&
    Array.isArray(latencyBoundsMs) &&
    latencyBoundsMs.every(isCount) &&
    Array.isArray(latencyCounts) &&
    latencyCounts.length === latencyBoundsMs.length + 1 &&
    latencyCounts.every(isCount)
  );
}

function isService(value: unknown): value is ServiceCounters {
  const service = (value ?? {}) as Readonly<Record<string, unknown>>;
  return (
    typeof service["app"] === "string" &&
    typeof service["service"] === "string" &&
    isCount(service["readBytes"]) &&
    isCount(service["writeBytes"])
  );
}
