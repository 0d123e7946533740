import { Regex } from "../../runtime/regex.ts";
import type { CallView } from "../define.ts";

/** The argument, where it is known before the program runs. */
export function constantRegex(call: CallView, name: string): Regex | undefined {
  const value = call.constant(name);
  return value instanceof Regex ? value : undefined;
}
