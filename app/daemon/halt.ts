import { type ProcessIdentity, signalProcess } from "@plinth/process";
import type { InstanceSet } from "@plinth/release";
import { watcherOf } from "./take-over.ts";

export interface HaltOptions {
  /** The home's directory. */
  readonly home: string;
  readonly own: InstanceSet;
  readonly proxy: ProcessIdentity | undefined;
}

/**
 * Ends all that this Plinth runs, itself last, as a power cut would: nothing is drained or said to anybody. First goes who
 * would start it again; systemd does all the same.
 */
export function halt({ home, own, proxy }: HaltOptions): void {
  const watcher = watcherOf(home);
  if (watcher !== undefined && watcher.pid !== process.pid) signalProcess(watcher, "SIGKILL");
  for (const { metadata } of own.list()) {
    try {
      own.runner(metadata.name)?.kill("SIGKILL");
    } catch {
      // It does not run just now.
    }
  }
  if (proxy !== undefined) signalProcess(proxy, "SIGKILL");
  process.kill(process.pid, "SIGKILL");
}
