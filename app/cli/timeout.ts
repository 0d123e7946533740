import { Fault } from "@plinth/fault";
import { parseDurationMs } from "@plinth/resource";
import type { Context } from "./command.ts";

/** A signal that aborts with the command's, or with a "timeout" Fault once --timeout is over. */
export function withTimeout(
  context: Context,
  standard: string,
  what: string,
): Disposable & { readonly signal: AbortSignal; readonly stop: AbortController } {
  const duration = context.text("timeout") ?? standard;
  const stop = new AbortController();
  const cancel = context.clock.schedule(parseDurationMs(duration), () =>
    stop.abort(
      new Fault("timeout", `${what} within ${duration}`, {
        hint: "`plinth ps` shows how far it is; --timeout allows more time.",
      }),
    ),
  );
  return { signal: AbortSignal.any([context.signal, stop.signal]), stop, [Symbol.dispose]: cancel };
}
