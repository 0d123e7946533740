import type { ServiceSpec } from "@plinth/resource";
import type { ImageConfig } from "@plinth/run";
import { FAILURES_MAX } from "./schema-bounds.ts";
import { stopSignalOf } from "./stop-signal.ts";

type Said = Pick<ImageConfig, "healthcheck" | "stopSignal">;

/** Docker's, which images' checks are written for. */
const INTERVAL_MS = 30_000;
const TIMEOUT_MS = 30_000;
const RETRIES = 3;
/** A start is watched more closely, at most this long at least. */
const START_INTERVAL_MS = 1000;
const START_MS = 30_000;

/** What an image says of its health and its end, where a service says nothing; part of the release from then on. */
export function imageDefaults(
  { health, stopSignal }: Pick<ServiceSpec, "health" | "stopSignal">,
  image: Said,
): Pick<ServiceSpec, "health" | "stopSignal"> {
  const signal = stopSignal === undefined ? signalOf(image.stopSignal) : undefined;
  const check = health === undefined ? healthOf(image.healthcheck) : undefined;
  return {
    ...(signal !== undefined && { stopSignal: signal }),
    ...(check !== undefined && { health: check }),
  };
}

/** Of a service that says no port: those of its image. */
export function portDefaults({
  exposedPorts,
}: Pick<ImageConfig, "exposedPorts">): Pick<ServiceSpec, "port" | "extraPorts"> {
  const [port, ...extraPorts] = exposedPorts
    .filter(({ protocol }) => protocol === "tcp")
    .map((each) => each.port);
  return {
    ...(port !== undefined && { port }),
    ...(extraPorts.length > 0 && { extraPorts }),
  };
}

/**
 * Of a service that says neither a port nor a check: its image's check where others wait for that. A worker is often
 * made of the image that serves, listens on none of its ports and never passes its check.
 */
export function checkDefaults(
  { healthcheck }: Pick<ImageConfig, "healthcheck">,
  isAwaited: boolean,
): Pick<ServiceSpec, "health"> {
  return { health: (isAwaited && healthOf(healthcheck)) || false };
}

/** Undefined also for one that cannot be a stop signal: it is asked with SIGTERM then. */
function signalOf(text: string | undefined): ServiceSpec["stopSignal"] {
  const signal = text === undefined ? undefined : stopSignalOf(text);
  return signal === "SIGTERM" ? undefined : signal;
}

function healthOf(check: ImageConfig["healthcheck"]): ServiceSpec["health"] {
  if (check?.command === undefined) return undefined;
  const exec = check.isShell ? ["/bin/sh", "-c", check.command.join(" ")] : [...check.command];
  const intervalMs = check.intervalMs ?? INTERVAL_MS;
  const timeout = duration(check.timeoutMs ?? TIMEOUT_MS);
  const retries = Math.min(check.retries ?? RETRIES, FAILURES_MAX);
  const startIntervalMs = check.startIntervalMs ?? START_INTERVAL_MS;
  const startMs = Math.max(START_MS, (check.startPeriodMs ?? 0) + retries * intervalMs);
  const failures = Math.min(FAILURES_MAX, Math.ceil(startMs / startIntervalMs));
  return {
    startup: { exec, period: duration(startIntervalMs), timeout, failureThreshold: failures },
    ready: { exec, period: duration(intervalMs), timeout, failureThreshold: retries },
  };
}

/** Images count in nanoseconds; less than a millisecond is none. */
const duration = (ms: number): string => `${Math.max(1, Math.round(ms))}ms`;
