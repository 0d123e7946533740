import type { Clock } from "@plinth/clock";
import type { ProbeSettings } from "@plinth/resource";
import type { ProbeAnswer } from "./probe.ts";

export interface ProbeLoopOptions {
  readonly settings: ProbeSettings;
  readonly ask: (timeoutMs: number) => Promise<ProbeAnswer>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onAnswer: (answer: ProbeAnswer) => void;
}

/**
 * While nobody listens yet, asking costs a tenth of a millisecond; so a service that opens its port is asked at once
 * and not up to a period later. Slow starters fall back to the period.
 */
const KNOCK_MS = 20;
const KNOCK_FOR_MS = 3000;
/** With less time left than this an answer would only tell that there was no time. */
const ASK_MS_MIN = 100;

/**
 * Asks until enough yeses in a row: true. False once the time that `failureThreshold` periods take is over; a server
 * that hangs does not get longer than one that says no.
 */
export async function untilStarted(options: ProbeLoopOptions): Promise<boolean> {
  const { settings, clock, signal } = options;
  const startMs = clock.monotonic();
  const budgetMs = settings.periodMs * settings.failureThreshold;
  let yeses = 0;
  for (let isFirst = true; ; isFirst = false) {
    const leftMs = startMs + budgetMs - clock.monotonic();
    if (!isFirst && leftMs < Math.min(ASK_MS_MIN, settings.timeoutMs)) return false;
    const answer = await options.ask(Math.max(1, Math.min(settings.timeoutMs, leftMs)));
    signal.throwIfAborted();
    options.onAnswer(answer);
    yeses = answer.yes ? yeses + 1 : 0;
    if (yeses >= settings.successThreshold) return true;
    const elapsedMs = clock.monotonic() - startMs;
    if (elapsedMs >= budgetMs) return false;
    const knock = answer.refused && elapsedMs < KNOCK_FOR_MS;
    await clock.sleep(knock ? Math.min(KNOCK_MS, settings.periodMs) : settings.periodMs, signal);
  }
}

/** Asks once each period, forever; `onTurn` is called when thresholds turn the verdict. Ends by the signal only. */
export async function followProbe(
  options: ProbeLoopOptions & { readonly initially: boolean; readonly onTurn: (good: boolean) => void },
): Promise<never> {
  const { settings, clock, signal } = options;
  let good = options.initially;
  let opposed = 0;
  for (;;) {
    const answer = await options.ask(settings.timeoutMs);
    signal.throwIfAborted();
    options.onAnswer(answer);
    opposed = answer.yes === good ? 0 : opposed + 1;
    if (opposed >= (good ? settings.failureThreshold : settings.successThreshold)) {
      good = !good;
      opposed = 0;
      options.onTurn(good);
    }
    await clock.sleep(settings.periodMs, signal);
  }
}
