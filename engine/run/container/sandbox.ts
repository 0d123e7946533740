import type { SandboxSettings } from "@plinth/resource";

/** A file or folder of the host that a task sees; both paths absolute. */
export interface TaskMount {
  readonly source: string;
  readonly target: string;
  readonly readOnly: boolean;
  /** A volume of ours: a folder that is made where it is missing, for the task's user. */
  readonly isVolume?: true;
}

/** What separates a task from the machine, with every path on the host known. */
export interface TaskSandbox extends Omit<SandboxSettings, "volumes"> {
  readonly mounts: readonly TaskMount[];
}
