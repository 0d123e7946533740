import {
  type App,
  type AppStatus,
  type Failure,
  type InstanceStatus,
  type Release,
  type ServiceSpec,
  type ServiceStatus,
  replicasOf,
} from "@plinth/resource";
import { parseReason } from "@plinth/run";
import { hasArrived, type InstanceView } from "./rollout.ts";

/** Crashes in a row after which a release is given up. */
export const CRASHES_MAX = 3;

export interface ServiceFacts {
  readonly spec: ServiceSpec;
  /** The revision instances should have. */
  readonly revision: string;
  readonly views: readonly InstanceView[];
  readonly restarts: number;
  readonly addresses: Readonly<Record<string, string>>;
  /** A service that has to be further before more instances start. */
  readonly waitsFor?: string | undefined;
}

/** What one service looks like next to what it should be. Pure. */
export function serviceStatus(facts: ServiceFacts): ServiceStatus {
  const { spec, revision, views, restarts, addresses, waitsFor } = facts;
  const wanted = replicasOf(spec);
  const staying = views.filter(({ leaving }) => !leaving);
  const ready = staying.filter(({ state }) => state === "Ready").length;
  const updated = staying.filter((view) => view.revision === revision);
  const arrived = updated.filter(({ state }) => hasArrived(state)).length;
  const settled = arrived >= wanted && staying.length === updated.length;
  const waits = waitsFor !== undefined && updated.length < wanted;
  const starting = waits || staying.some(({ state }) => state === "Pending" || state === "Starting");
  return {
    phase: settled ? "Ready" : starting ? "Progressing" : ready > 0 ? "Degraded" : "Down",
    replicas: staying.length,
    updated: updated.length,
    ready,
    restarts,
    addresses: { ...addresses },
    ...(waits && { message: `waits until "${waitsFor}" is ${spec.after?.[waitsFor]}` }),
  };
}

/** One instance that a release has made, with what is known of it. */
export interface Witness {
  readonly instance: string;
  readonly service: string;
  readonly status: InstanceStatus;
}

/** The reason to halt a release, if one of its instances gives one. Pure. */
export function failureOf(witnesses: readonly Witness[]): Failure | undefined {
  for (const { instance, service, status } of witnesses) {
    const { state, exitCode, probe, crashes, reason } = status;
    const gaveUp = state === "Failed" || (state === "Exited" && exitCode !== 0);
    if (!gaveUp && state !== "Backoff") continue;
    const { code, message } = parseReason(reason ?? "it ended");
    // What cannot start or does not get ready will not with more tries; a crash may be a race with what it calls.
    const isFinal = gaveUp || code === "CannotStart" || code === "NotReady";
    if (!isFinal && (crashes ?? 0) < CRASHES_MAX) continue;
    return {
      service,
      instance,
      reason: code === undefined || code === "NotLive" ? "Crashed" : code,
      message,
      ...(exitCode === undefined ? {} : { exitCode }),
      ...(probe === undefined ? {} : { probe }),
    };
  }
  return undefined;
}

export interface AppFacts {
  readonly app: App;
  readonly target: Release | undefined;
  readonly services: readonly ServiceStatus[];
  /** Requests may still be led to instances that have been told to go. */
  readonly isHandingOver: boolean;
  readonly urls: readonly string[];
}

/** The app's phase and message from its services and releases. Pure; release numbers and failure are carried over. */
export function appStatus(
  carried: AppStatus,
  { app, target, services, isHandingOver, urls }: AppFacts,
): AppStatus {
  const settled = services.every(({ phase }) => phase === "Ready");
  const status: AppStatus = { ...carried, urls: [...urls] };
  if (app.metadata.deletionTimestamp !== undefined)
    return { ...status, phase: "Deleting", message: "Stopping all instances" };
  if (carried.failure !== undefined) {
    return { ...status, phase: "Failed", message: failureMessage(carried, settled) };
  }
  if (target === undefined)
    return { ...status, phase: "Progressing", message: "Waiting for its first release" };
  if (target.status?.phase === "Progressing") {
    return { ...status, phase: "Progressing", message: `Bringing up release ${target.spec.number}` };
  }
  // Who is told that a release is there must not meet the one before.
  if (settled && isHandingOver)
    return { ...status, phase: "Progressing", message: `Release ${target.spec.number} takes over` };
  if (settled) return { ...status, phase: "Healthy", message: `Release ${target.spec.number} is ready` };
  return {
    ...status,
    phase: "Degraded",
    message: `Not every instance of release ${target.spec.number} is ready`,
  };
}

function failureMessage({ failure, failedRelease, activeRelease }: AppStatus, settled: boolean): string {
  const what = failedRelease === undefined ? "The deploy was refused" : `Release ${failedRelease} was halted`;
  const keeps =
    activeRelease === undefined
      ? ""
      : settled
        ? `; release ${activeRelease} keeps serving`
        : `; returning to release ${activeRelease}`;
  return `${what}: ${failure?.service}: ${failure?.message}${keeps}`;
}
