/** Starts, watches, probes and stops instances; drivers and their contract. */
export { canExec } from "./driver.ts";
export type {
  Driver,
  ExecAbility,
  ExecOptions,
  Fingerprint,
  Limitation,
  StopOptions,
  TaskHandle,
  TaskPlace,
  TaskSpec,
  TaskStats,
} from "./driver.ts";
export { exposedAddress } from "./exposure.ts";
export type { ExitCause, ExitStatus } from "./exit-status.ts";
export { createInstanceRunner } from "./instance-runner.ts";
export type { InstanceRunner, InstanceRunnerOptions, Launch, RunnerExecOptions } from "./instance-runner.ts";
export { parseReason } from "./instance-status.ts";
export type { ReasonCode } from "./instance-status.ts";
export { DEFAULT_LOG_CAPS, trimLogs } from "./log-trim.ts";
export type { LogCaps } from "./log-trim.ts";
export { askProbe } from "./probe.ts";
export type { AskProbe, ProbeAnswer, ProbeOptions, ProbeTarget } from "./probe.ts";
export { detectNetwork } from "./network/ability.ts";
export type { NetworkAbility } from "./network/ability.ts";
export type { EgressCounter } from "./network/counters.ts";
export type { EgressPolicy } from "./network/egress-policy.ts";
export { firewallNotices } from "./network/firewall.ts";
export { HostNetwork } from "./network/host-network.ts";
export type { Attachment, HostNetworkOptions } from "./network/host-network.ts";
export { allowResolved } from "./network/resolved.ts";
export type { ResolvedOptions } from "./network/resolved.ts";
export type { TaskNetwork } from "./network/task-network.ts";
export { createProcessDriver } from "./process/driver.ts";
export type { ProcessDriverOptions } from "./process/driver.ts";
export { lastLines, tailLog } from "./tail-log.ts";
export type { TailOptions } from "./tail-log.ts";
