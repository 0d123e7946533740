import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { arch, cpus, release, totalmem } from "node:os";

/** What the figures were measured on. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly kernel: string;
  readonly system: string;
  readonly arch: string;
  readonly versions: Readonly<Record<string, string>>;
}

/** The first line a program says about its version; "missing" where it is not installed. */
function versionOf(command: string, ...parameters: string[]): string {
  try {
    // nginx and wrk say it on standard error, wrk with a failure.
    const text = execFileSync("/bin/sh", ["-c", '"$0" "$@" 2>&1 || true', command, ...parameters], {
      encoding: "utf8",
    });
    return /not found/.test(text) ? "missing" : (text.split("\n")[0] ?? "").trim();
  } catch {
    return "missing";
  }
}

export function describeMachine(bun: string | undefined): Machine {
  const system = /^PRETTY_NAME="?([^"\n]*)/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1] ?? "Linux";
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    system,
    arch: arch(),
    versions: {
      node: process.version,
      bun: bun === undefined ? "missing" : versionOf(bun, "--version"),
      nginx: versionOf("nginx", "-v"),
      wrk: versionOf("wrk", "-v"),
    },
  };
}

/** A short name of the machine, for the results' folder. */
export function machineName(machine: Machine): string {
  return `${machine.cpu.toLowerCase().replace(/[^a-z0-9]+/g, "-")}-${machine.cores}x`;
}
