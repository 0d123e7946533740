import { Fault } from "@plinth/fault";

const durationUnitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
const sizeUnitBytes: Readonly<Record<string, number>> = { KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 };

function parse(kind: string, text: string, units: Readonly<Record<string, number>>): number {
  const match = /^([0-9.]+)([A-Za-z]+)$/.exec(text);
  const unit = units[match?.[2] ?? ""];
  const amount = Number(match?.[1]);
  if (unit === undefined || !Number.isFinite(amount)) {
    throw new Fault(
      "invalid",
      `Cannot read ${kind} "${text}": expected a number and one of ${Object.keys(units).join(", ")}`,
    );
  }
  return Math.round(amount * unit);
}

/** "1.5s" → 1500 milliseconds. */
export function parseDurationMs(text: string): number {
  return parse("duration", text, durationUnitMs);
}

/** "256MiB" → bytes. */
export function parseSizeBytes(text: string): number {
  return parse("size", text, sizeUnitBytes);
}
