import type { TimeoutName } from "./attempts.ts";
import type { Policy } from "./policy.ts";
import type { RefusalCode } from "./refusal.ts";

/** Why a request is given up when a time of its policy is over; `where` is the instance that has it, or the service. */
export function timeoutRefusal(
  which: TimeoutName,
  { requestMs, responseMs }: Policy,
  where: string,
): { readonly code: RefusalCode; readonly text: string } {
  if (which === "request")
    return { code: "request-deadline", text: `${where} did not answer within ${requestMs / 1_000} s` };
  return {
    code: "response-timeout",
    text: `${where} did not begin its answer within ${responseMs / 1_000} s`,
  };
}
