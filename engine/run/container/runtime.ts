import type { ResourceLimits } from "@plinth/resource";
import type { ExecOptions, TaskHandle, TaskPlace } from "../driver.ts";
import type { MountPlan } from "../image/store/store.ts";
import type { TaskNetwork } from "../network/task-network.ts";
import type { LinuxSeccomp, Process } from "../oci/config.ts";
import type { ContainerConfig } from "./config.ts";
import type { UserMaps } from "./id-maps.ts";

/** A container that is planned as a whole: its configuration, its root, and where it is kept. */
export interface PreparedContainer extends TaskPlace {
  readonly config: ContainerConfig;
  /** Layers that `config.root.path` is mounted of; undefined where its content stands there already. */
  readonly overlay: OverlayRoot | undefined;
  /** Its ids on the machine, in a user namespace of its own; undefined: they are the machine's. */
  readonly maps: UserMaps | undefined;
  /** Its first process is one of ours, where it can be had: the command shall feel as outside. */
  readonly reaper: boolean;
  readonly limits: ResourceLimits;
  readonly logFile: string;
  readonly network: TaskNetwork | undefined;
}

/** An overlayfs: read-only layers, and above them what this container writes. */
export interface OverlayRoot extends MountPlan {
  /** Absolute, as `work`. */
  readonly upper: string;
  readonly work: string;
}

/** Another command for a container, held to what its main one is held to. */
export interface ContainerCommand {
  readonly process: Process;
  readonly seccomp: LinuxSeccomp | undefined;
}

export type RuntimeExecOptions = Omit<ExecOptions, "env" | "directory">;

/** What makes containers of configurations and runs commands in them: our own init, or crun. */
export interface OciRuntime {
  readonly name: string;
  /** Resolves once the main process is recorded. */
  start(container: PreparedContainer): Promise<TaskHandle>;
  /** What an earlier process of ours started with this runtime. */
  recover(place: TaskPlace): Promise<TaskHandle | undefined>;
  /** Resolves with the command's exit code, 128 + the signal's number for a signal. */
  exec(handle: TaskHandle, command: ContainerCommand, options: RuntimeExecOptions): Promise<number>;
}
