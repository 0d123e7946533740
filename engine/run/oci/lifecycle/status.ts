import { readlinkSync } from "node:fs";
import { isRunning } from "@plinth/process";
import { waitsForStart } from "../../container/state-files.ts";
import { isFrozen } from "../cgroup/control.ts";
import type { ContainerDirectory, ContainerRecord } from "./container-directory.ts";

export type ContainerStatus = "creating" | "created" | "running" | "paused" | "stopped";

/** Told from what is there now: a file that says "running" says nothing about a machine that was switched off. */
export function statusOf(containers: ContainerDirectory, record: ContainerRecord): ContainerStatus {
  const { main, creator, cgroup, id } = record;
  if (main === null) return isRunning(creator) ? "creating" : "stopped";
  if (!isRunning(main)) return "stopped";
  if (isFrozen(cgroup)) return "paused";
  return waitsForStart(containers.pathOf(id)) && !hasBecome(main.pid) ? "created" : "running";
}

/** Whether a process became its command: what it ran before lies in memory only, or in our state directory. */
function hasBecome(pid: number): boolean {
  try {
    return !/plinth-init|\/init-[0-9a-f]{16}( |$)/.test(readlinkSync(`/proc/${pid}/exe`));
  } catch {
    // Not to be looked into before it becomes its command.
    return false;
  }
}

/** What the specification calls the state of a container: hooks read it on their standard input. */
export interface OciState {
  readonly ociVersion: string;
  readonly id: string;
  readonly status: "creating" | "created" | "running" | "stopped";
  readonly pid?: number;
  readonly bundle: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

export function ociState(
  { id, bundle, config }: Pick<ContainerRecord, "id" | "bundle" | "config">,
  status: OciState["status"],
  pid: number | undefined,
): OciState {
  const { ociVersion, annotations } = config;
  return {
    ociVersion,
    id,
    ...(pid !== undefined && { pid }),
    status,
    bundle,
    ...(annotations !== undefined && { annotations }),
  };
}

/** The same as runc prints it, field by field and in its order: its clients parse it. */
export interface ShownState {
  readonly ociVersion: string;
  readonly id: string;
  /** 0: none. */
  readonly pid: number;
  readonly status: ContainerStatus;
  readonly bundle: string;
  readonly rootfs: string;
  readonly created: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly owner: string;
}

export function shownState(containers: ContainerDirectory, record: ContainerRecord): ShownState {
  const status = statusOf(containers, record);
  const { annotations = {}, ociVersion } = record.config;
  return {
    ociVersion,
    id: record.id,
    pid: status === "stopped" ? 0 : (record.main?.pid ?? 0),
    status,
    bundle: record.bundle,
    rootfs: record.rootfs,
    created: record.created,
    ...(Object.keys(annotations).length > 0 && { annotations }),
    owner: "",
  };
}
