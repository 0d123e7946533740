import { isRunning, processUsage } from "@plinth/process";
import type { ProcessStatus } from "@plinth/resource";
import type { ProcessRecord } from "./process-record.ts";

/** One row of `plinth status`, or none when the process is gone. */
export function processRow(name: string, record: ProcessRecord | undefined): ProcessStatus[] {
  if (record === undefined || !isRunning(record)) return [];
  const usage = processUsage(record.pid);
  return usage === undefined ? [] : [{ name, pid: record.pid, runtime: record.runtime, ...usage }];
}
