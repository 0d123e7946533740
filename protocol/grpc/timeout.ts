const unitMs: Readonly<Record<string, number>> = {
  n: 1e-6,
  u: 1e-3,
  m: 1,
  S: 1_000,
  M: 60_000,
  H: 3_600_000,
};
const DIGITS_MAX = 99_999_999;

/** The milliseconds that a grpc-timeout stands for; undefined if it is none. */
export function parseTimeout(text: string): number | undefined {
  const match = /^(\d{1,8})([numSMH])$/.exec(text);
  return match === null ? undefined : Number(match[1]) * unitMs[match[2]!]!;
}

/** A grpc-timeout, in the finest unit of milliseconds and up that it fits in; rounded up. */
export function formatTimeout(timeoutMs: number): string {
  for (const unit of ["m", "S", "M"]) {
    const count = Math.max(0, Math.ceil(timeoutMs / unitMs[unit]!));
    if (count <= DIGITS_MAX) return `${count}${unit}`;
  }
  return `${Math.min(DIGITS_MAX, Math.ceil(timeoutMs / unitMs["H"]!))}H`;
}
