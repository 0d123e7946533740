import { Fault } from "@plinth/fault";
import { chooseApp } from "../app-name.ts";
import type { Context } from "../command.ts";
import { letImagesGo } from "../images.ts";
import { showProgress } from "../progress.ts";
import { followRollout } from "../rollout.ts";
import { withTimeout } from "../timeout.ts";

/** Between two looks at whether the daemon has ended. */
const POLL_MS = 50;

export async function run(context: Context): Promise<void> {
  if (context.is("all")) return downAll(context);
  const { client, output, json } = context;
  const app = await chooseApp(context, context.text("APP"));
  const { name } = app.metadata;
  using deadline = withTimeout(context, "2m", `${name} did not stop`);
  const { signal } = deadline;
  output.note(`Stopping ${name}`);
  await client.delete("App", name, { signal });
  {
    using progress = showProgress(context);
    // Only the app's removal ends this: `undefined` waits for no outcome but that.
    await followRollout({
      client,
      app: name,
      generation: Number.POSITIVE_INFINITY,
      signal,
      onChange: (view) => progress.update(view),
    });
  }
  await letImagesGo(context, name);
  if (json) output.event({ type: "result", ok: true, app: name });
  else output.result(`${name} is stopped and removed`);
  const { items } = await client.list("App", { signal });
  if (items.length === 0) output.note("Plinth itself goes on; `plinth down --all` stops it.");
}

async function downAll(context: Context): Promise<void> {
  await stopAll(context);
  const { output, json } = context;
  if (json) output.event({ type: "result", ok: true });
  else output.result("Plinth is stopped");
}

/** Stops all instances, the proxy and the daemon, and waits until that is so. */
export async function stopAll(context: Context): Promise<void> {
  const { client, clock, output } = context;
  using deadline = withTimeout(context, "2m", "Plinth did not stop");
  const { signal } = deadline;
  await client.healthy({ signal });
  output.note("Stopping all apps and Plinth");
  const onSecond = (): void => void client.shutdown({ instances: true, graceMs: 0 }).catch(() => {});
  context.atOnce.addEventListener("abort", onSecond, { once: true });
  await client.shutdown({ instances: true }, { signal }).catch((error: unknown) => {
    // A daemon that ends closes its connections, this one among them.
    if (!(error instanceof Fault) || error.code !== "unavailable") throw error;
  });
  while (await answers(context, signal)) await clock.sleep(POLL_MS, signal);
}

async function answers({ client }: Context, signal: AbortSignal): Promise<boolean> {
  try {
    await client.healthy({ signal });
    return true;
  } catch (error) {
    if (error instanceof Fault && error.code === "unavailable") return false;
    throw error;
  }
}
