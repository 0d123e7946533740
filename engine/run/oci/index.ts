/**
 * OCI bundles: their configuration, and the life of a container from its creation to its removal. What makes processes
 * is loaded apart: a command line that only looks starts in half the time.
 */
export { updateCgroup } from "./cgroup/control.ts";
export { cgroupMembers } from "./cgroup/make.ts";
export { cgroupStats, outOfMemoryKills } from "./cgroup/stats.ts";
export type { Process, Resources } from "./config.ts";
export { ContainerDirectory, toJson } from "./lifecycle/container-directory.ts";
export { deleteContainer, killContainer } from "./lifecycle/delete.ts";
export { pauseContainer, resumeContainer } from "./lifecycle/pause.ts";
export { shownState, statusOf } from "./lifecycle/status.ts";
export { SPEC_VERSION } from "./spec-version.ts";
export type { ContainerConfig } from "../container/config.ts";
export type { Created } from "./lifecycle/create.ts";

export const loadMaking = (): Promise<typeof import("./making.ts")> => import("./making.ts");
export const loadConfiguration = (): Promise<typeof import("./configuration.ts")> =>
  import("./configuration.ts");
export type { StepFault } from "../container/step-fault.ts";
