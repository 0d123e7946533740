import type { App } from "@plinth/resource";
import type { Context } from "./command.ts";
import { UsageFault } from "./exit-code.ts";

/** The app a command is about: the one named, else the one deployed from this directory, else the only one. */
export async function chooseApp(context: Context, named: string | undefined): Promise<App> {
  if (named !== undefined && !/^[a-z0-9-]+$/.test(named)) {
    throw new UsageFault(`Cannot use ${JSON.stringify(named)} as an app's name`, context.words);
  }
  const { items } = await context.client.list("App", { signal: context.signal });
  const names = items.map(({ metadata }) => metadata.name);
  if (named !== undefined) {
    const found = items.find(({ metadata }) => metadata.name === named);
    if (found !== undefined) return found;
    throw new UsageFault(`There is no app "${named}" here`, context.words, {
      hint: `Deployed: ${names.join(", ") || "none yet"}.`,
      mistyped: { word: named, among: names },
    });
  }
  const here = items.filter(({ spec }) => spec.directory === process.cwd());
  const candidates = here.length > 0 ? here : items;
  const [only, another] = candidates;
  if (only === undefined) {
    throw new UsageFault("No app is deployed here", context.words, {
      hint: "`plinth up` deploys one.",
    });
  }
  if (another !== undefined) {
    throw new UsageFault(`Several apps are deployed: ${names.join(", ")}`, context.words, {
      hint: "Name one of them.",
    });
  }
  return only;
}
