import type { Telemetry } from "@plinth/connect";
import { Fault } from "@plinth/fault";
import type { StatusReport } from "@plinth/resource";

/** What a home tells the outside of requests; nothing unless asked for. */
export interface TelemetrySettings {
  /** Base URL of an OTLP collector. */
  readonly otlp?: string;
  readonly traceRatio?: number;
  readonly accessLog?: "combined" | "json";
}

/** As asked for on a command line: "off" ends what is kept. */
export interface TelemetryWishes {
  readonly otlp?: string;
  readonly traceRatio?: number;
  readonly accessLog?: string;
}

/** One in a hundred: a busy service still gives several a second, and a quiet one can ask for more. */
const RATIO_USUAL = 0.01;

export function chooseTelemetry(
  stored: TelemetrySettings | undefined,
  wishes: TelemetryWishes | undefined,
): TelemetrySettings {
  const otlp = wishes?.otlp ?? stored?.otlp;
  const traceRatio = wishes?.traceRatio ?? stored?.traceRatio;
  const accessLog = wishes?.accessLog ?? stored?.accessLog;
  if (accessLog !== undefined && accessLog !== "off" && accessLog !== "combined" && accessLog !== "json")
    throw new Fault(
      "invalid",
      `Cannot write an access log as "${accessLog}": expected combined, json or off`,
    );
  if (otlp !== undefined && otlp !== "off") checkUrl(otlp);
  if (traceRatio !== undefined && !(traceRatio >= 0 && traceRatio <= 1))
    throw new Fault("invalid", `Cannot sample a share of ${traceRatio}: expected a number from 0 to 1`);
  return {
    ...(otlp === undefined || otlp === "off" ? {} : { otlp }),
    ...(traceRatio === undefined ? {} : { traceRatio }),
    ...(accessLog === undefined || accessLog === "off" ? {} : { accessLog }),
  };
}

function checkUrl(text: string): void {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== "http:" && url.protocol !== "https:"))
    throw new Fault("invalid", `Cannot export to "${text}": expected an http or https URL`, {
      hint: "Such as http://127.0.0.1:4318, or off.",
    });
  // Settings and snapshots are no place for a secret, and neither is a command line.
  if (url.username !== "" || url.password !== "")
    throw new Fault("invalid", "Cannot export to a URL with a password in it", {
      hint: "Run a collector on this host that holds the credential.",
    });
}

export function telemetryOf({ otlp, traceRatio, accessLog }: TelemetrySettings): Telemetry {
  return {
    traces: otlp === undefined ? null : { url: otlp, ratio: traceRatio ?? RATIO_USUAL },
    accessLog: accessLog === undefined ? null : { format: accessLog },
  };
}

export function telemetryStatus(settings: TelemetrySettings): StatusReport["telemetry"] {
  const { traces } = telemetryOf(settings);
  return {
    otlp: traces?.url ?? null,
    traceRatio: traces?.ratio ?? null,
    accessLog: settings.accessLog ?? null,
  };
}
