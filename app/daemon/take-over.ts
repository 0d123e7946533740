import { type Clock, systemClock } from "@plinth/clock";
import { Fault } from "@plinth/fault";
import { isRunning, type ProcessIdentity, signalProcess } from "@plinth/process";
import { homePaths } from "./home-paths.ts";
import { type ProcessRecord, readProcessRecord } from "./process-record.ts";

/** Who starts a home's daemon again when it dies. */
export type WatcherKind = "systemd" | "supervisor" | "terminal";

/** What the process that watches writes down beside who it is. */
export interface WatcherRecord extends ProcessRecord {
  /** "terminal": `plinth up` without --detach, which stops all when it ends. */
  readonly kind: WatcherKind;
}

const END_TIMEOUT_MS = 30_000;
const POLL_MS = 20;

/** The process that watches over a home's daemon now. */
export function watcherOf(home: string): WatcherRecord | undefined {
  const record: (ProcessRecord & { kind?: WatcherKind }) | undefined = readProcessRecord(
    homePaths(home).supervisorRecord,
  );
  // One of an earlier version says nothing of its kind.
  return record !== undefined && isRunning(record)
    ? { ...record, kind: record.kind ?? "supervisor" }
    : undefined;
}

/** A terminal's watch is not to be taken over: it stops all when it ends. */
export function refuseTerminal(home: string): void {
  const watcher = watcherOf(home);
  if (watcher?.kind === "terminal") {
    throw new Fault(
      "conflict",
      `Cannot take over Plinth in "${home}": \`plinth up\` in a terminal watches over it (process ${watcher.pid})`,
      { hint: "End that one with Ctrl-C, which stops its apps, and deploy them with `plinth up --detach`." },
    );
  }
}

/**
 * Ends the supervisor, then the daemon, and nothing else: the proxy and all instances go on, and who starts a daemon next
 * finds them.
 */
export async function endDaemonAlone(home: string, clock: Clock = systemClock): Promise<void> {
  refuseTerminal(home);
  const watcher = watcherOf(home);
  if (watcher !== undefined) await end("the supervisor", watcher, clock);
  await endDaemon(home, clock);
}

/** Ends the daemon; who watches over it starts the next. */
export async function endDaemon(home: string, clock: Clock): Promise<void> {
  const daemon = readProcessRecord(homePaths(home).daemonRecord);
  if (daemon !== undefined) await end("the daemon", daemon, clock);
}

async function end(what: string, identity: ProcessIdentity, clock: Clock): Promise<void> {
  signalProcess(identity, "SIGTERM");
  const deadlineMs = clock.monotonic() + END_TIMEOUT_MS;
  while (isRunning(identity)) {
    if (clock.monotonic() > deadlineMs)
      throw new Fault(
        "timeout",
        `Cannot take over: ${what} (process ${identity.pid}) has not ended after ${END_TIMEOUT_MS / 1000} s`,
      );
    await clock.sleep(POLL_MS);
  }
}
