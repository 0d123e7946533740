import type { TapFilter } from "@plinth/resource";
import type { Context } from "./command.ts";
import { appNamed } from "./figures.ts";

/** Which requests the command's arguments and options ask for. */
export async function tapFilter(context: Context): Promise<TapFilter> {
  const app = await appNamed(context);
  const filter: Record<string, string> = {};
  for (const name of ["from", "to", "method", "path", "status"] as const) {
    const value = context.text(name);
    if (value !== undefined) filter[name] = value;
  }
  const maxRps = context.number("max-rps");
  return {
    ...filter,
    ...(app === undefined ? {} : { app }),
    ...(maxRps === undefined ? {} : { maxRps }),
    ...(context.is("query") ? { query: true } : {}),
  };
}
