import { isRunning, processUsage } from "@plinth/process";
import type { ProcessRecord } from "./process-record.ts";

export interface ProcessRow {
  readonly name: string;
  readonly pid: number;
  readonly runtime: string;
  readonly memoryBytes: number;
  readonly cpuSeconds: number;
}

/** One row of `plinth status`, or none when the process is gone. */
export function processRow(name: string, record: ProcessRecord | undefined): ProcessRow[] {
  if (record === undefined || !isRunning(record)) return [];
  const usage = processUsage(record.pid);
  return usage === undefined ? [] : [{ name, pid: record.pid, runtime: record.runtime, ...usage }];
}
