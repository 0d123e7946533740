import { readdirSync } from "node:fs";
import type { Clock } from "@plinth/clock";
import { type Method, Status } from "@plinth/grpc";
import { Exposition } from "@plinth/metrics";
import { EMULATED_VERSION } from "./member.ts";
import type { Mvcc } from "../mvcc.ts";

const codeNames: readonly string[] = (
  "OK,Canceled,Unknown,InvalidArgument,DeadlineExceeded,NotFound,AlreadyExists,PermissionDenied,ResourceExhausted," +
  "FailedPrecondition,Aborted,OutOfRange,Unimplemented,Internal,Unavailable,DataLoss,Unauthenticated"
).split(",");

/** A status as Go's gRPC calls it. */
export function codeName(status: number): string {
  return codeNames[status] ?? codeNames[Status.unknown]!;
}

/** What has happened so far, in the words of etcd's `/metrics`. */
export class Metrics {
  watchers = 0;
  readonly #store: Mvcc;
  readonly #quotaBytes: number | undefined;
  readonly #startSeconds: number;
  readonly #handled: Map<Method<unknown, unknown>, number[]> = new Map();

  constructor(store: Mvcc, clock: Clock, quotaBytes: number | undefined) {
    this.#store = store;
    this.#quotaBytes = quotaBytes;
    this.#startSeconds = clock.now() / 1000 - process.uptime();
  }

  /** A call has ended, with a status. */
  ended(method: Method<unknown, unknown>, status: number): void {
    let counts = this.#handled.get(method);
    if (counts === undefined) {
      counts = codeNames.map(() => 0);
      this.#handled.set(method, counts);
    }
    counts[status < counts.length ? status : Status.unknown]! += 1;
  }

  /** In Prometheus' text format. */
  text(): string {
    const exposition = new Exposition();
    const gauge = (name: string, help: string, value: number): void => {
      exposition.family(name, "gauge", help);
      exposition.sample({}, value);
    };
    const counter = (name: string, help: string, value: number): void => {
      exposition.family(name, "counter", help);
      exposition.sample({}, value);
    };
    const { size, revision, diskTimes } = this.#store;
    gauge("etcd_server_has_leader", "Whether there is a leader: a cluster of one always has one.", 1);
    gauge("etcd_server_is_leader", "Whether this member is the leader.", 1);
    counter("etcd_server_leader_changes_seen_total", "Changes of leader that were seen.", 1);
    counter("etcd_server_proposals_committed_total", "Revisions that are on disk.", revision);
    exposition.family("etcd_server_version", "gauge", "The version whose API is spoken.");
    exposition.sample({ server_version: EMULATED_VERSION }, 1);
    if (this.#quotaBytes !== undefined) {
      gauge("etcd_server_quota_backend_bytes", "Data beyond which writes are refused.", this.#quotaBytes);
    }
    gauge("etcd_mvcc_db_total_size_in_bytes", "Bytes of all files.", size.allocated);
    gauge("etcd_mvcc_db_total_size_in_use_in_bytes", "Bytes of them that hold something.", size.inUse);
    if (diskTimes !== undefined) {
      exposition.family("etcd_disk_wal_fsync_duration_seconds", "histogram", "Synced writes to the log.");
      exposition.histogram({}, diskTimes.logSync);
      exposition.family("etcd_disk_backend_commit_duration_seconds", "histogram", "Steps of the checkpoint.");
      exposition.histogram({}, diskTimes.checkpoint);
    }
    const keys = this.#store.range({ key: "\0", end: "", countOnly: true }).count;
    gauge("etcd_debugging_mvcc_keys_total", "Keys there are.", keys);
    gauge("etcd_debugging_mvcc_current_revision", "The newest revision.", revision);
    gauge("etcd_debugging_mvcc_compact_revision", "The compacted revision.", this.#store.compactedRevision);
    gauge("etcd_debugging_mvcc_watcher_total", "Watchers there are.", this.watchers);
    this.#calls(exposition);
    const { user, system } = process.cpuUsage();
    counter("process_cpu_seconds_total", "Time on processors.", (user + system) / 1e6);
    gauge("process_resident_memory_bytes", "Memory held.", process.memoryUsage.rss());
    gauge("process_start_time_seconds", "Start, since the epoch.", this.#startSeconds);
    gauge("process_open_fds", "Open descriptors.", openDescriptors());
    return exposition.toString();
  }

  #calls(exposition: Exposition): void {
    exposition.family("grpc_server_handled_total", "counter", "Calls that have ended, by status.");
    for (const [method, counts] of this.#handled) {
      const [, service = "", name = ""] = method.path.split("/");
      for (const [status, count] of counts.entries()) {
        if (count === 0) continue;
        const labels = {
          grpc_code: codeName(status),
          grpc_method: name,
          grpc_service: service,
          grpc_type: typeOf(method),
        };
        exposition.sample(labels, count);
      }
    }
  }
}

function typeOf({ requestStream, responseStream }: Method<unknown, unknown>): string {
  if (requestStream) return responseStream ? "bidi_stream" : "client_stream";
  return responseStream ? "server_stream" : "unary";
}

/** 0 where the system does not tell. */
function openDescriptors(): number {
  try {
    return readdirSync("/proc/self/fd").length;
  } catch {
    return 0;
  }
}
