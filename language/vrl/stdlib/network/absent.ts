import { Failure } from "../../runtime/failure.ts";

/** What a function yields that needs a network where the host has none for programs. */
export function noNetwork(action: string): Failure {
  return new Failure(`${action}: the host offers no network`);
}

export const NETWORK_NOTICE: string =
  "The program waits for the answer, and so do all events behind this one: use it where events are few.";
