import { isoTime } from "@plinth/clock";
import type { InstanceStatus } from "@plinth/resource";
import { NO_PID, type TaskHandle } from "./driver.ts";

/** First word of a status' `reason`: why an instance is not running as it should. */
export type ReasonCode = "CannotStart" | "Crashed" | "NotReady" | "NotLive" | "Evicted" | "Refused";

/** The code a status' reason begins with, and the rest. */
export function parseReason(reason: string): { code: ReasonCode | undefined; message: string } {
  const match = /^(CannotStart|Crashed|NotReady|NotLive|Evicted|Refused): (.*)$/s.exec(reason);
  return match === null
    ? { code: undefined, message: reason }
    : { code: match[1] as ReasonCode, message: match[2]! };
}

/** Fields to set; undefined removes one. */
export type StatusChanges = { readonly [Name in keyof InstanceStatus]?: InstanceStatus[Name] | undefined };

/** What is shown of a task that runs. */
export function statusOf(handle: TaskHandle): StatusChanges {
  const pid = handle.pid === NO_PID ? undefined : handle.pid;
  return { pid, startedAt: isoTime(handle.startedAtMs), reason: undefined };
}

/** The states of phases that show nothing but themselves. */
export const stillStates = {
  idle: "Pending",
  launching: "Pending",
  waiting: "Backoff",
  stopping: "Stopping",
  exited: "Exited",
  failed: "Failed",
} as const;
