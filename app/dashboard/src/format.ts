/** Numbers as people read them, always in the same width where they change under the eye. */

const NOTHING = "–";

export function percent(rate: number | null | undefined): string {
  if (rate === null || rate === undefined) return NOTHING;
  // Never rounded up to 100: a single failure must not look like none.
  const value = rate === 1 ? 100 : Math.min(Math.floor(rate * 10_000) / 100, 99.99);
  return `${Number.isInteger(value) ? value : value.toFixed(value >= 99 ? 2 : 1)} %`;
}

export function perSecond(rps: number | null | undefined): string {
  if (rps === null || rps === undefined) return NOTHING;
  return `${rps >= 100 ? Math.round(rps) : rps.toFixed(1)}/s`;
}

export function milliseconds(ms: number | null | undefined, unit = true): string {
  if (ms === null || ms === undefined) return NOTHING;
  if (ms >= 1000) return `${(ms / 1000).toFixed(1)}${unit ? " s" : "s"}`;
  return `${ms >= 10 ? Math.round(ms) : ms.toFixed(1)}${unit ? " ms" : ""}`;
}

export function bytes(count: number | null | undefined): string {
  if (count === null || count === undefined) return NOTHING;
  if (count >= 2 ** 30) return `${(count / 2 ** 30).toFixed(2)} GiB`;
  return `${(count / 2 ** 20).toFixed(count >= 100 * 2 ** 20 ? 0 : 1)} MiB`;
}

/** Share of one CPU. */
export function cpu(cpus: number | null | undefined): string {
  return cpus === null || cpus === undefined ? NOTHING : `${(cpus * 100).toFixed(1)} %`;
}

export const count = (value: number): string => value.toLocaleString("en");

export function span(milli: number): string {
  const seconds = Math.max(0, Math.floor(milli / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours >= 48) return `${Math.floor(hours / 24)} days`;
  return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
}

const two = (value: number): string => String(value).padStart(2, "0");

export function clockTime(epochMs: number): string {
  const date = new Date(epochMs);
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** "shop.catalog.x7f" → "catalog.x7f": the app is on the page already. */
export function shortInstance(name: string): string {
  return name.slice(name.indexOf(".") + 1);
}
