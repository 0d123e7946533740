import type { ServiceSpec } from "@plinth/resource";
import type { InstanceView } from "./rollout.ts";

/** How far the instances of a service are, of the revision that is asked for. */
export type Progress = "none" | "started" | "ready" | "completed";

/** What has ended without a fault took requests before, or was never to take any. */
const STEPS: readonly Progress[] = ["none", "started", "ready", "completed"];

/** The first of the services that `spec` starts after which is not as far as it has to be. Pure. */
export function waitsFor(
  { after = {} }: Pick<ServiceSpec, "after">,
  progress: (service: string) => Progress,
): string | undefined {
  return Object.entries(after).find(
    ([service, step]) => STEPS.indexOf(progress(service)) < STEPS.indexOf(step),
  )?.[0];
}

/** Pure; `views` are those of the revision that is asked for, without those on their way out. */
export function progressOf(views: readonly Pick<InstanceView, "state">[], replicas: number): Progress {
  // None is asked for, so none is waited for.
  if (replicas === 0) return "completed";
  const reached = (states: readonly InstanceView["state"][]): boolean =>
    views.filter(({ state }) => states.includes(state)).length >= replicas;
  if (reached(["Exited"])) return "completed";
  if (reached(["Ready", "Exited"])) return "ready";
  return views.some(({ state }) => state !== "Pending") ? "started" : "none";
}
