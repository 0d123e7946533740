import type { Clock, Random } from "@plinth/clock";
import { Fault } from "@plinth/fault";
import { OutcomeUnknownError } from "./backend.ts";
import { backOff } from "./backoff.ts";
import { RETRY } from "./channel.ts";

/** What recipes need beside a backend. */
export interface Surroundings {
  readonly clock: Clock;
  readonly random: Random;
  /** What the client has given out and must end with it. */
  readonly open: Set<AsyncDisposable>;
}

/** Not reached, or not known whether: asking again is right for whatever does no harm twice. */
function mayBeAskedAgain(error: unknown): boolean {
  if (error instanceof OutcomeUnknownError) return true;
  return error instanceof Fault && (error.code === "unavailable" || error.code === "timeout");
}

/** Does what does no harm twice until it is told that it is done, or refused. Ends with the signal's reason. */
export async function persist<Result>(
  { clock, random }: Pick<Surroundings, "clock" | "random">,
  signal: AbortSignal,
  body: () => Promise<Result>,
): Promise<Result> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await body();
    } catch (error) {
      signal.throwIfAborted();
      if (!mayBeAskedAgain(error)) throw error;
      await backOff(clock, random, attempt, RETRY, signal);
    }
  }
}
