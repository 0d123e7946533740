/** How a service is, in one word and a sentence, from its instances. */
import type { App, Instance } from "@plinth/resource";

/** What a colour and a symbol stand for, everywhere on the page. */
export type Tone = "good" | "busy" | "warn" | "bad" | "off";

export interface ServiceHealth {
  readonly name: string;
  readonly tone: Tone;
  readonly word: string;
  readonly desired: number;
  readonly ready: number;
  readonly restarts: number;
  readonly instances: readonly Instance[];
  readonly releases: readonly number[];
}

export type InstanceState = NonNullable<Instance["status"]>["state"];

const toneOfState: Readonly<Record<NonNullable<InstanceState>, Tone>> = {
  Pending: "busy",
  Starting: "busy",
  Ready: "good",
  Unready: "warn",
  Backoff: "bad",
  Draining: "busy",
  Stopping: "busy",
  Exited: "off",
  Failed: "bad",
};

export const instanceTone = (state: InstanceState): Tone =>
  state === undefined ? "busy" : toneOfState[state];

type Phase = NonNullable<NonNullable<App["status"]>["phase"]>;

const toneOfPhase: Readonly<Record<Phase, Tone>> = {
  Healthy: "good",
  Progressing: "busy",
  Deleting: "busy",
  Degraded: "warn",
  Failed: "bad",
};

export const appTone = (phase: Phase | undefined): Tone =>
  phase === undefined ? "busy" : toneOfPhase[phase];

/** At least 99 % is good; a failure within a handful of requests is a warning, not an alarm. */
export function successTone(successRate: number | null | undefined): Tone {
  if (successRate === null || successRate === undefined) return "off";
  if (successRate >= 0.99) return "good";
  return successRate >= 0.9 ? "warn" : "bad";
}

function judge(desired: number, ready: number, instances: readonly Instance[]): [Tone, string] {
  if (desired === 0) return instances.length === 0 ? ["off", "Scaled to 0"] : ["busy", "Stopping"];
  const has = (...states: InstanceState[]): boolean =>
    instances.some(({ status }) => states.includes(status?.state));
  if (ready === 0) {
    return has("Pending", "Starting") && !has("Backoff", "Failed") ? ["busy", "Starting"] : ["bad", "Down"];
  }
  if (ready < desired) return has("Backoff", "Failed") ? ["warn", "Degraded"] : ["busy", "Progressing"];
  return has("Backoff", "Failed", "Unready") ? ["warn", "Degraded"] : ["good", "Ready"];
}

export function serviceHealth(app: App, all: readonly Instance[]): readonly ServiceHealth[] {
  return Object.entries(app.spec.services).map(([name, spec]) => {
    const instances = all.filter(
      (instance) => instance.spec.app === app.metadata.name && instance.spec.service === name,
    );
    const desired = spec.replicas ?? 1;
    const ready = instances.filter(({ status }) => status?.state === "Ready").length;
    const [tone, word] = judge(desired, ready, instances);
    const restarts = instances.reduce((sum, { status }) => sum + (status?.restarts ?? 0), 0);
    const releases = [...new Set(instances.map((instance) => instance.spec.release))].sort(
      (one, other) => one - other,
    );
    return { name, tone, word, desired, ready, restarts, instances, releases };
  });
}
