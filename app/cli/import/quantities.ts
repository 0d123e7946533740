const UNIT_MS: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
const UNIT_BYTES: Readonly<Record<string, number>> = {
  "": 1,
  k: 2 ** 10,
  m: 2 ** 20,
  g: 2 ** 30,
  t: 2 ** 40,
  p: 2 ** 50,
};

/** "1m30s" → 90000; undefined for what Compose would not take either. */
export function durationMs(text: string): number | undefined {
  if (text === "0") return 0;
  if (!/^(?:\d+(?:\.\d+)?(?:us|ms|s|m|h))+$/.test(text)) return undefined;
  let sum = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(us|ms|s|m|h)/g))
    sum += Number(amount) * UNIT_MS[unit!]!;
  return Math.ceil(sum);
}

/** As Plinth writes it, in the largest unit that takes no fraction. */
export function durationText(ms: number): string {
  for (const unit of ["h", "m", "s"]) {
    const each = UNIT_MS[unit]!;
    if (ms >= each && ms % each === 0) return `${ms / each}${unit}`;
  }
  return `${ms}ms`;
}

/** "1.5gb" → bytes; Compose's units are powers of 1024. */
export function sizeBytes(text: string): number | undefined {
  const [, amount, unit] = /^(\d+(?:\.\d+)?) ?([kmgtp]?)i?b?$/.exec(text.toLowerCase()) ?? [];
  return amount === undefined ? undefined : Math.ceil(Number(amount) * UNIT_BYTES[unit!]!);
}

const SIZES: readonly (readonly [unit: string, bytes: number])[] = [
  ["GiB", 2 ** 30],
  ["MiB", 2 ** 20],
  ["KiB", 2 ** 10],
];
/** Of a size: what stands behind its point, and how long the number before it may be. */
const DECIMALS = 1000;
const AMOUNT_MAX = 10 ** 9;

/** As Plinth writes it: exact where three decimals can say it, else a little more. */
export function sizeText(bytes: number): string {
  const sayable = SIZES.filter(([, each]) => bytes / each < AMOUNT_MAX - 1);
  const exact = sayable.find(([, each]) => bytes >= each && Number.isInteger((bytes / each) * DECIMALS));
  const [unit, each] = exact ?? sayable.at(-1) ?? SIZES[0]!;
  return `${Math.ceil((bytes / each) * DECIMALS) / DECIMALS}${unit}`;
}
