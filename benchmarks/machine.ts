import { readFileSync } from "node:fs";
import { arch, availableParallelism, cpus, release, totalmem } from "node:os";
import { versionLine } from "./programs.ts";

/** What the figures were measured on: as much of the machine as this process may use. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly kernel: string;
  readonly system: string;
  readonly arch: string;
  readonly versions: Readonly<Record<string, string>>;
}

/** What a cgroup leaves of it; a group without a limit says more than there is, or nothing. */
function memoryBytes(): number {
  return Math.min(totalmem(), process.constrainedMemory() || totalmem());
}

export function describeMachine(bun: string | undefined): Machine {
  const system = /^PRETTY_NAME="?([^"\n]*)/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1] ?? "Linux";
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    memoryGiB: Math.round(memoryBytes() / 2 ** 30),
    kernel: release(),
    system,
    arch: arch(),
    versions: {
      node: process.version,
      bun: bun === undefined ? "missing" : versionLine(bun, "--version"),
      nginx: versionLine("nginx", "-v"),
      wrk: versionLine("wrk", "-v"),
    },
  };
}

/** A short name of the machine, for the results' folder. */
export function machineName(machine: Machine): string {
  return `${machine.cpu.toLowerCase().replace(/[^a-z0-9]+/g, "-")}-${machine.cores}x`;
}
