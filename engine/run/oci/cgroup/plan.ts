/** What to make for one task or container. An empty plan means: no cgroup. */
export interface CgroupPlan {
  /** The directory whose cgroup.procs lists all members. */
  readonly members: string | null;
  readonly directories: readonly PlannedDirectory[];
}

export interface PlannedDirectory {
  readonly path: string;
  /** Where its hierarchy is mounted. */
  readonly mount: string;
  /** There already; what lies between is made with the directory, and goes with it. */
  readonly base: string;
  readonly version: 1 | 2;
  /** Those of which the directory holds the files. */
  readonly controllers: readonly string[];
  /** Written in this order, before anything joins. */
  readonly settings: readonly Setting[];
}

/** One line for one file of a cgroup. */
export interface Setting {
  readonly file: string;
  readonly value: string;
  /** What to do where the kernel has no such file. Default: it cannot be set, which is an error. */
  readonly otherwise?: { readonly file: string; readonly value: string } | "nothing";
}
