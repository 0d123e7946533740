/** Starts, watches, probes and stops instances; drivers and their contract. */
export { createContainerDriver } from "./container/driver.ts";
export type { ContainerDriverOptions } from "./container/driver.ts";
export { fingerprintContainerDriver } from "./container/fingerprint.ts";
export type { ContainerFingerprint } from "./container/fingerprint.ts";
export type { RootlessAbility } from "./container/rootless.ts";
export type { TaskMount, TaskSandbox } from "./container/sandbox.ts";
export { createExternalDriver } from "./external/driver.ts";
export { DiskGuard } from "./disk/disk-guard.ts";
export { canExec } from "./driver.ts";
export type {
  Driver,
  ExecAbility,
  ExecOptions,
  ExecTerminal,
  Fingerprint,
  Limitation,
  StopOptions,
  TaskHandle,
  TaskPlace,
  TaskSpec,
  TaskStats,
  TerminalSize,
} from "./driver.ts";
export { readTree } from "./files/read-tree.ts";
export { writeTree } from "./files/write-tree.ts";
export { parseDigest } from "./image/digest.ts";
export { exposedAddress } from "./exposure.ts";
export type { ExitCause, ExitStatus } from "./exit-status.ts";
export type { Digest } from "./image/digest.ts";
export type { ExposedPort, Healthcheck, ImageConfig } from "./image/image-config.ts";
export type { Platform } from "./image/manifest.ts";
export { parsePlatform, platformText } from "./image/platform.ts";
export type { ImageProgress, OnProgress } from "./image/progress.ts";
export { parseReference, referenceText } from "./image/reference.ts";
export type { Reference } from "./image/reference.ts";
export { openImageStore } from "./image/store/open.ts";
export type { ImageStoreOptions } from "./image/store/open.ts";
export type { BuildOptions, BuildSpec } from "./image/build/build.ts";
export { usualCredentialFiles } from "./image/registry/credentials.ts";
export type { RegistryOptions } from "./image/registry/open.ts";
export type { ImageStore, ImageUser, MountPlan, PullOptions, StoredImage } from "./image/store/store.ts";
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
export { visiblePid } from "./process/visible.ts";
export { removeTree } from "./remove-tree.ts";
export { createProcessDriver } from "./process/driver.ts";
export type { ProcessDriverOptions } from "./process/driver.ts";
export { lastLines, tailLog } from "./tail-log.ts";
export type { TailOptions } from "./tail-log.ts";
