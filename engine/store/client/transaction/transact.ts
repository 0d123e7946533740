import type { Backend } from "../backend.ts";
import { backOff, type BackoffOptions } from "../backoff.ts";
import type { Surroundings } from "../persist.ts";
import { TransactionAborted } from "./aborted.ts";
import { begin, type BeginOptions, type StoreTransaction } from "./transaction.ts";

/** Whoever loses that often contends with too many, and should lock instead. */
const ATTEMPTS_MAX = 100;
/** Others commit in milliseconds. */
const BACKOFF: BackoffOptions = { firstMs: 4, mostMs: 500 };

export interface TransactOptions extends BeginOptions {
  /** Attempts in all. Default: 100. */
  readonly attemptsMax?: number;
}

/**
 * Begins, runs and commits, and that again where others were faster, later and later. The last attempt's
 * TransactionAborted is the caller's; whatever else `body` throws ends it at once.
 */
export async function transact<Result>(
  backend: Backend,
  surroundings: Surroundings,
  body: (transaction: StoreTransaction) => Promise<Result>,
  options: TransactOptions,
): Promise<Result> {
  const { attemptsMax = ATTEMPTS_MAX, signal } = options;
  for (let attempt = 1; ; attempt++) {
    try {
      await using transaction = await begin(backend, surroundings, options);
      const result = await body(transaction);
      await transaction.commit();
      return result;
    } catch (error) {
      const again = error instanceof TransactionAborted && error.worthAnotherAttempt && attempt < attemptsMax;
      if (!again) throw error;
    }
    await backOff(surroundings.clock, surroundings.random, attempt, BACKOFF, signal);
  }
}
