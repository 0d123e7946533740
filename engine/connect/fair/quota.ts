/**
 * Something of which there is only so much, shared by workloads. Nobody may have more than is left over for all: one
 * that takes what it can gets half, two get a third each, and there is always room for those who come later.
 */
export class Quota {
  readonly max: number;
  taken = 0;

  constructor(max: number) {
    this.max = max;
  }
}

/** What one workload has of a quota. */
export class Part {
  has = 0;
  readonly #quota: Quota;

  constructor(quota: Quota) {
    this.#quota = quota;
  }

  /** Whether `amount` more leaves enough for others. */
  admits(amount: number): boolean {
    return this.has + amount <= this.#quota.max - this.#quota.taken - amount;
  }

  /** Takes if it may. */
  take(amount: number): boolean {
    if (!this.admits(amount)) return false;
    this.add(amount);
    return true;
  }

  /** Takes what has been admitted before, or gives back with a negative amount. */
  add(amount: number): void {
    this.has += amount;
    this.#quota.taken += amount;
  }
}
