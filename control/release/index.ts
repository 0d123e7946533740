/** From what an app should be to what runs: releases, rollouts, rollback. */
export { ReleaseController } from "./controller.ts";
export type { ReleaseControllerOptions } from "./controller.ts";
export { instanceEnvironment } from "./environment.ts";
export type { EnvironmentInputs } from "./environment.ts";
export { Fleet } from "./fleet.ts";
export type { FleetOptions, Hosts } from "./fleet.ts";
export { InstanceSet } from "./instance-set.ts";
export type { Drainer, InstanceOrder, InstanceSetOptions } from "./instance-set.ts";
export { EVERY_ADDRESS } from "./mesh.ts";
export type { InstanceAttachment, InstanceNetwork, InstanceNetworks, Mesh } from "./mesh.ts";
export type { Candidate } from "./placement.ts";
export { planApp } from "./plan.ts";
export { planRollout } from "./rollout.ts";
export { Releases } from "./releases.ts";
export { Topology } from "./topology.ts";
export type { InstanceView, RolloutAction, ServiceTarget } from "./rollout.ts";
