import { epochMs } from "@plinth/clock";

const UNITS: readonly (readonly [unit: string, ms: number])[] = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000],
];

/** An age in its largest unit, such as "3m". */
export function ageText(since: string | null | undefined, nowMs: number): string {
  if (since === null || since === undefined) return "-";
  const ms = Math.max(0, nowMs - epochMs(since));
  for (const [unit, size] of UNITS) if (ms >= size) return `${Math.floor(ms / size)}${unit}`;
  return "0s";
}

export function bytesText(bytes: number | null | undefined): string {
  if (bytes === null || bytes === undefined) return "-";
  if (bytes >= 2 ** 30) return `${(bytes / 2 ** 30).toFixed(1)}GiB`;
  return `${Math.round(bytes / 2 ** 20)}MiB`;
}

export function cpuText(seconds: number | null | undefined): string {
  return seconds === null || seconds === undefined ? "-" : `${seconds.toFixed(seconds < 10 ? 2 : 0)}s`;
}

/** 0 to 1 as Linkerd shows it. */
export function percentText(share: number | null): string {
  return share === null ? "-" : `${(share * 100).toFixed(2)}%`;
}

export function latencyText(ms: number | null): string {
  if (ms === null) return "-";
  return ms < 10 ? `${ms.toFixed(1)}ms` : `${Math.round(ms)}ms`;
}

/** Bytes in the unit that leaves one to four digits. */
export function sizeText(bytes: number): string {
  for (const [unit, size] of [
    ["GB", 1e9],
    ["MB", 1e6],
    ["KB", 1e3],
  ] as const)
    if (bytes >= size) return `${(bytes / size).toFixed(1)}${unit}`;
  return `${Math.round(bytes)}B`;
}

/** Microseconds as people read them. */
export function durationText(us: number): string {
  return us < 1000 ? `${us}µs` : latencyText(us / 1000);
}
