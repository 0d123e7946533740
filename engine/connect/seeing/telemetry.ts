import { Fault } from "@plinth/fault";
import type { AccessFormat } from "./access-line.ts";

/** What the proxy tells the outside of requests, beyond its metrics. */
export interface Telemetry {
  /** Null where trace headers only pass through. */
  readonly traces: {
    /** Of an OTLP collector over HTTP, such as http://127.0.0.1:4318. */
    readonly url: string;
    /** Share of requests without a decision that are sampled, from 0 to 1. */
    readonly ratio: number;
  } | null;
  /** Null where none is written. Default: null. */
  readonly accessLog?: { readonly format: AccessFormat } | null;
}

/** Checks what stands in a snapshot. */
export function checkTelemetry(value: unknown): void {
  if (value === undefined) return;
  if (typeof value !== "object" || value === null) throw wrong("telemetry", "an object");
  const { traces, accessLog = null } = value as Partial<Telemetry>;
  const format: unknown = accessLog?.format;
  if (accessLog !== null && format !== "combined" && format !== "json")
    throw wrong("telemetry.accessLog.format", "combined or json");
  if (traces === null) return;
  if (typeof traces !== "object") throw wrong("telemetry.traces", "an object or null");
  const { url, ratio } = traces;
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw wrong("telemetry.traces.url", "an http or https URL");
  if (typeof ratio !== "number" || !(ratio >= 0 && ratio <= 1))
    throw wrong("telemetry.traces.ratio", "a number from 0 to 1");
}

function wrong(path: string, expected: string): Fault {
  return new Fault("invalid", `Cannot use snapshot: ${path} is not ${expected}`);
}
