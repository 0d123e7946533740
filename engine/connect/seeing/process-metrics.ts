import { readdirSync, readFileSync } from "node:fs";
import type { Exposition } from "@plinth/metrics";

/** Which program it is that tells. */
export interface Build {
  readonly version: string;
  readonly runtime: "node" | "bun";
  /** Unix time. */
  readonly startedSeconds: number;
}

/** The usual metrics of a process, as Prometheus' own clients name them. */
export function processMetrics(text: Exposition, { version, runtime, startedSeconds }: Build): void {
  text.family("proxy_build_info", "gauge", "The proxy's version and what it runs on.");
  text.sample({ version, runtime, runtime_version: runtimeVersion() }, 1);
  const { user, system } = process.cpuUsage();
  text.family("process_cpu_seconds_total", "counter", "CPU time spent.");
  text.sample({}, (user + system) / 1e6);
  text.family("process_resident_memory_bytes", "gauge", "Memory in use.");
  text.sample({}, process.memoryUsage.rss());
  text.family("process_start_time_seconds", "gauge", "When the process began, in Unix time.");
  text.sample({}, startedSeconds);
  const limit = /^Max open files\s+(\d+)/m.exec(read("/proc/self/limits"))?.[1];
  text.family("process_open_fds", "gauge", "Descriptors open.");
  text.sample({}, descriptors());
  if (limit === undefined) return;
  text.family("process_max_fds", "gauge", "Descriptors that may be open.");
  text.sample({}, Number(limit));
}

function runtimeVersion(): string {
  return process.versions["bun"] ?? process.versions.node;
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function descriptors(): number {
  try {
    return readdirSync("/proc/self/fd").length - 1; // without the one that lists them
  } catch {
    return 0;
  }
}
