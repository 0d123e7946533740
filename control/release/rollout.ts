import type { InstanceStatus } from "@plinth/resource";

/** One instance as the rollout sees it. */
export interface InstanceView {
  readonly name: string;
  readonly revision: string;
  readonly state: NonNullable<InstanceStatus["state"]>;
  /** It has been told to go: it serves nobody new and will be gone. */
  readonly leaving: boolean;
  /** It is leaving, and requests may still be led to it. */
  readonly isRouted: boolean;
}

export interface ServiceTarget {
  readonly revision: string;
  readonly replicas: number;
  /** Only one of them can hold what both need: the old one has to be gone before the new one starts. */
  readonly stopFirst: boolean;
}

export type RolloutAction =
  | { readonly type: "create"; readonly count: number }
  | { readonly type: "leave"; readonly instance: string };

/** New instances started at the same time: more only makes all of them slower to get ready. */
export const SURGE_MAX = 4;

/** Counts as having arrived: it takes requests, or it was meant to end and did. */
export function hasArrived(state: InstanceView["state"]): boolean {
  return state === "Ready" || state === "Exited";
}

/** How expendable an instance is: those that serve nobody go first. */
function worth(instance: InstanceView): number {
  if (instance.state === "Ready") return 2;
  return instance.state === "Starting" || instance.state === "Pending" ? 1 : 0;
}

/**
 * The next steps of one service towards its target; none once it is there. As many instances as asked for stay
 * ready throughout: a new one is ready before an old one leaves. Pure.
 */
export function planRollout(target: ServiceTarget, instances: readonly InstanceView[]): RolloutAction[] {
  const staying = instances.filter(({ leaving }) => !leaving);
  const actions: RolloutAction[] = [];
  const current = staying.filter(({ revision }) => revision === target.revision);
  const old = staying.filter(({ revision }) => revision !== target.revision);
  const arrived = current.filter(({ state }) => hasArrived(state)).length;

  const surplus = current.length - target.replicas;
  if (surplus > 0) {
    // Of equals the newest goes: the last in the list.
    const leaving = current
      .toReversed()
      .sort((a, b) => worth(a) - worth(b))
      .slice(0, surplus);
    for (const { name } of leaving) actions.push({ type: "leave", instance: name });
  }

  const oldKept = target.stopFirst ? 0 : Math.max(0, target.replicas - arrived);
  const excess = old.length - oldKept;
  if (excess > 0) {
    const leaving = old.toSorted((a, b) => worth(a) - worth(b)).slice(0, excess);
    for (const { name } of leaving) actions.push({ type: "leave", instance: name });
  }

  const mustWait = target.stopFirst && instances.length > current.length;
  const missing = target.replicas - current.length;
  const starting = current.length - arrived;
  const count = Math.min(missing, SURGE_MAX - starting);
  if (count > 0 && !mustWait) actions.push({ type: "create", count });
  return actions;
}
