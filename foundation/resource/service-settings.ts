import { replicasOf } from "./external.ts";
import type { Probe, ServiceSpec } from "./kinds.ts";
import { parseDurationMs, parseSizeBytes } from "./quantity.ts";

export type ProbeQuestion =
  | { readonly http: string }
  | { readonly tcp: true }
  | { readonly exec: readonly string[] }
  | /** Whether it runs at all. */ { readonly running: true };

export interface ProbeSettings {
  readonly question: ProbeQuestion;
  readonly periodMs: number;
  readonly timeoutMs: number;
  readonly successThreshold: number;
  readonly failureThreshold: number;
}

export interface ResourceLimits {
  readonly memoryBytes: number | undefined;
  readonly cpus: number | undefined;
  readonly processes: number | undefined;
  readonly diskBytes: number | undefined;
  /** True: a limit that cannot be enforced is reported instead of refused. */
  readonly bestEffort: boolean;
}

/** A service's spec with every default filled in and every quantity in its base unit. */
export interface ServiceSettings {
  /** With an image: in place of its own command; empty is the image's. */
  readonly command: readonly string[];
  readonly directory: string;
  /** What the main process is asked to end with. */
  readonly stopSignal: NonNullable<ServiceSpec["stopSignal"]>;
  readonly replicas: number;
  readonly fixedPort: number | undefined;
  readonly startup: ProbeSettings;
  readonly ready: ProbeSettings;
  readonly live: ProbeSettings | undefined;
  readonly limits: ResourceLimits;
  readonly graceMs: number;
  readonly drainMs: number;
  readonly holdMs: number;
  readonly restart: "always" | "on-failure" | "never";
  readonly calls: readonly string[];
}

/** 150 probes at 200 ms: half a minute to get ready, as most platforms allow. */
const STARTUP_PERIOD = "200ms";
const STARTUP_FAILURES = 150;
/** Of what listens on nothing: two seconds, in which most of what is misconfigured ends by itself. */
const RUNNING_SUCCESSES = 10;

function questionOf(probe: Probe | undefined): ProbeQuestion | undefined {
  if (probe?.http !== undefined) return { http: probe.http };
  if (probe?.exec !== undefined) return { exec: probe.exec };
  if (probe?.tcp !== undefined) return { tcp: true };
  return undefined;
}

function probeSettings(
  probe: Probe | undefined,
  question: ProbeQuestion,
  period: string,
  failures: number,
): ProbeSettings {
  return {
    question: questionOf(probe) ?? question,
    periodMs: parseDurationMs(probe?.period ?? period),
    timeoutMs: parseDurationMs(probe?.timeout ?? "2s"),
    successThreshold: probe?.successThreshold ?? 1,
    failureThreshold: probe?.failureThreshold ?? failures,
  };
}

/** Fills in the defaults the schema's descriptions state. `cwd` must be absolute by now. */
export function serviceSettings(spec: ServiceSpec): ServiceSettings {
  const { resources, deploy } = spec;
  const health = spec.health === false ? undefined : spec.health;
  const readyQuestion =
    spec.health === false
      ? ({ running: true } as const)
      : (questionOf(health?.ready) ?? questionOf(health?.startup) ?? ({ tcp: true } as const));
  const startup = probeSettings(health?.startup, readyQuestion, STARTUP_PERIOD, STARTUP_FAILURES);
  return {
    command: spec.command ?? [],
    directory: spec.source?.directory ?? spec.cwd ?? "/",
    stopSignal: spec.stopSignal ?? "SIGTERM",
    replicas: replicasOf(spec),
    fixedPort: spec.port,
    // Without a startup probe the readiness question is asked, at the pace of a start.
    startup: spec.health === false ? { ...startup, successThreshold: RUNNING_SUCCESSES } : startup,
    ready: probeSettings(health?.ready, readyQuestion, "5s", 3),
    live: health?.live && probeSettings(health.live, readyQuestion, "5s", 3),
    limits: {
      memoryBytes: resources?.memory === undefined ? undefined : parseSizeBytes(resources.memory),
      cpus: resources?.cpu,
      processes: resources?.processes,
      diskBytes: resources?.disk === undefined ? undefined : parseSizeBytes(resources.disk),
      bestEffort: resources?.enforce === "best-effort",
    },
    graceMs: parseDurationMs(deploy?.grace ?? "10s"),
    drainMs: parseDurationMs(deploy?.drain ?? "30s"),
    holdMs: parseDurationMs(deploy?.hold ?? "10s"),
    restart: spec.restart ?? "always",
    calls: spec.calls ?? [],
  };
}
