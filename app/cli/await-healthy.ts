import type { App } from "@plinth/resource";
import { Fault } from "@plinth/fault";
import type { Context } from "./command.ts";
import { EXIT_UNHEALTHY } from "./exit-code.ts";
import { failureLines } from "./failure.ts";
import { showProgress } from "./progress.ts";
import { followRollout } from "./rollout.ts";
import { withTimeout } from "./timeout.ts";

/** Waits until an app that was just changed is healthy, and says how it went; the exit code. */
export async function awaitHealthy(context: Context, changed: App): Promise<number> {
  const { client, output, json } = context;
  const { name, generation = 0 } = changed.metadata;
  using deadline = withTimeout(context, "5m", `${name} did not become healthy`);
  const follow = async (): ReturnType<typeof followRollout> => {
    using progress = showProgress(context);
    const { signal } = deadline;
    return await followRollout({
      client,
      app: name,
      generation,
      signal,
      onChange: (view) => progress.update(view),
    });
  };
  const outcome = await follow();
  if (outcome.kind === "gone") throw new Fault("conflict", `${name} was deleted in the meantime`);
  const { activeRelease = null } = outcome.app.status ?? {};
  const ok = outcome.kind === "healthy";
  if (json) {
    const failure = outcome.kind === "failed" ? { failure: outcome.failure ?? null } : {};
    output.event({ type: "result", ok, app: name, release: activeRelease, ...failure });
  }
  if (outcome.kind === "failed") {
    for (const line of failureLines(outcome.app, outcome.failure, output.stderr)) output.error(line);
    return EXIT_UNHEALTHY;
  }
  if (!json) output.result(`${name} is healthy on release ${activeRelease ?? "?"}`);
  return 0;
}
