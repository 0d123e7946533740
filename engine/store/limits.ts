/** Longest key in UTF-8 bytes: a resource's path is below 200; a key is held in memory for as long as it exists. */
export const KEY_BYTES_MAX: number = 4096;
/** etcd's limit for one request, so that whatever is stored here can move there. */
export const VALUE_BYTES_MAX: number = 1.5 * 2 ** 20;
/** Operations and compares of one transaction; etcd's default is 128, an app with 500 services needs more. */
export const OPERATIONS_MAX: number = 2048;
/** Transactions waiting for the disk: at 1 ms a sync and full groups, a backlog of some 40 ms. */
export const PENDING_TRANSACTIONS_MAX: number = 10_000;
/** Values of waiting transactions in bytes: what a stalled disk may cost in memory. */
export const PENDING_BYTES_MAX: number = 64 * 2 ** 20;
/** Transactions that share one sync: bounds what one commit writes and how long the first in it waits. */
export const GROUP_TRANSACTIONS_MAX: number = 256;
/** Values of one group in bytes, for the same reason; and of one transaction, which cannot be split. */
export const GROUP_BYTES_MAX: number = 16 * 2 ** 20;
/** Revisions kept for watchers that come back and for reads of the past: minutes of the busiest rollout. */
export const HISTORY_REVISIONS_MAX: number = 10_000;
/** Compaction begins this many revisions late, so that it is not done for every write. */
export const HISTORY_REVISIONS_SLACK: number = 1000;
/** Superseded values kept, whatever their number: history may not outgrow what it is the history of. */
export const HISTORY_BYTES_MAX: number = 64 * 2 ** 20;
/** Records one commit removes: bounds the time a write waits behind a compaction. */
export const REMOVALS_PER_COMMIT_MAX: number = 1000;
/** Live data; above this writes are refused. etcd's default quota. */
export const STORE_BYTES_MAX: number = 2 * 2 ** 30;
/** Address space reserved for the file: live data, history, and LMDB's copies while readers hold old pages. */
export const MAP_BYTES: number = 8 * 2 ** 30;
/** Watchers at a time; each costs some hundred bytes and a look at every commit. */
export const WATCHERS_MAX: number = 10_000;
/** Events in one batch, unless a single revision has more. */
export const WATCH_BATCH_EVENTS: number = 500;
/** Log records a watcher looks at before it lets others run. */
export const WATCH_SCAN_RECORDS: number = 5000;
/** Time between two attempts to write to a failing disk. */
export const PROBE_INTERVAL_MS: number = 5000;
/** Written and removed by a probe, so that a disk with a few bytes free is not taken for a healthy one. */
export const PROBE_BYTES: number = 2 ** 20;
/** Less than this left, and a failed write is put down to a full disk. */
export const DISK_FULL_BYTES: number = 4 * 2 ** 20;
/** Operations and compares of one transaction unless told otherwise: etcd's default. */
export const TRANSACTION_OPERATIONS_MAX: number = 128;
/** Shortest lease in seconds: etcd's, one and a half of its default election timeouts, rounded up. */
export const LEASE_TTL_MIN_S: number = 2;
/** Longest lease in seconds: etcd's. */
export const LEASE_TTL_MAX_S: number = 9_000_000_000;
/** Longest time a timer is set for: a longer one would fire at once. */
export const TIMER_MAX_MS: number = 2 ** 31 - 1;
/** A key in a message is cut to this. */
export const KEY_SHOWN_CHARACTERS: number = 100;
/** Leases that end in one step, and the least time between two steps: etcd's thousand a second. */
export const LEASES_EXPIRED_PER_STEP: number = 500;
export const LEASE_STEP_MS: number = 500;
/** Leases at a time; each costs some two hundred bytes. */
export const LEASES_MAX: number = 1_000_000;
/** Samples of the revision in one period of retention by time: history is kept for up to a tenth longer. */
export const RETENTION_SAMPLES: number = 10;
/** Pairs of a snapshot in one restoring commit. */
export const RESTORE_PAIRS_PER_COMMIT: number = 1000;
/** One pair of a snapshot, at most: the largest value of a transaction and its key. */
export const SNAPSHOT_PAIR_BYTES_MAX: number = 64 * 2 ** 20;
/** A chunk of a snapshot, about. */
export const SNAPSHOT_CHUNK_BYTES: number = 64 * 1024;
