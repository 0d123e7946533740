import type { Clock } from "@plinth/clock";
import type { ProxyControl } from "@plinth/connect";
import { Fault } from "@plinth/fault";
import type { TapEvent, TapFilter } from "@plinth/resource";

/** Between a proxy's end and its successor: a hand-over takes less, a crash some more. */
const RETRY_MS = 100;

/**
 * Taps the proxy, and the one after it when it hands over or dies, until the signal. Rejects at once where the filter
 * is wrong, there are too many taps, or no proxy runs.
 */
export async function tapProxies(
  control: ProxyControl,
  clock: Clock,
  filter: TapFilter,
  signal: AbortSignal,
): Promise<AsyncIterable<TapEvent>> {
  return follow(await control.tap(filter, signal));

  async function* follow(first: AsyncIterable<TapEvent>): AsyncGenerator<TapEvent> {
    let events: AsyncIterable<TapEvent> | undefined = first;
    for (;;) {
      try {
        if (events !== undefined) yield* events;
        await clock.sleep(RETRY_MS, signal);
        events = await control.tap(filter, signal);
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof Fault) || error.code !== "unavailable") throw error;
        events = undefined;
      }
    }
  }
}
