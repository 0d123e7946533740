/** Longest key of the control plane's in UTF-8 bytes: a resource's path is below 200; a key is held in memory for as long as it exists. */
export const KEY_BYTES_MAX: number = 4096;
/** Longest value of the control plane's: etcd's limit for one request, so that what is stored here can move there. */
export const VALUE_BYTES_MAX: number = 1.5 * 2 ** 20;
/** Operations and compares of the control plane's transactions; an app with 500 services needs more than etcd's 128. */
export const OPERATIONS_MAX: number = 2048;
/** Transactions waiting for the disk: at 1 ms a sync and full groups, a backlog of some 40 ms. */
export const PENDING_TRANSACTIONS_MAX: number = 10_000;
/** Keys and values of waiting transactions in bytes: what a stalled disk may cost in memory. */
export const PENDING_BYTES_MAX: number = 64 * 2 ** 20;
/** Transactions that share one sync: bounds what one commit writes and how long the first in it waits. */
export const GROUP_TRANSACTIONS_MAX: number = 256;
/** Keys and values of one group in bytes, for the same reason; and of one transaction, which cannot be split. */
export const GROUP_BYTES_MAX: number = 16 * 2 ** 20;
/** Revisions that the control plane's store keeps for watchers that come back: minutes of the busiest rollout. */
export const HISTORY_REVISIONS_MAX: number = 10_000;
/** Compaction begins this many revisions late, so that it is not done for every write. */
export const HISTORY_REVISIONS_SLACK: number = 1000;
/** Superseded values kept, whatever their number: history may not outgrow what it is the history of. */
export const HISTORY_BYTES_MAX: number = 64 * 2 ** 20;
/** Records one commit removes: bounds the time a write waits behind a compaction. */
export const REMOVALS_PER_COMMIT_MAX: number = 1000;
/** Records, history included; above this writes are refused. etcd's default quota. */
export const STORE_BYTES_MAX: number = 2 * 2 ** 30;
/** Address space reserved for the file: live data, history, and LMDB's copies while readers hold old pages. */
export const MAP_BYTES: number = 8 * 2 ** 30;
/** Values kept in memory for reads: a hundred thousand small ones, a tenth of what a server with a million keys may take. */
export const CACHED_VALUES_BYTES_MAX: number = 64 * 2 ** 20;
/** Of one of them: a larger one takes longer to be sent than to be read. */
export const CACHED_VALUE_BYTES_MAX: number = 64 * 1024;
/** Watchers at a time; each costs some hundred bytes and a look at every commit. */
export const WATCHERS_MAX: number = 10_000;
/** Events in one batch, unless a single revision has more. */
export const WATCH_BATCH_EVENTS: number = 500;
/** Of values in one batch, unless a single revision has more: what a watcher that is not read holds in memory. */
export const WATCH_BATCH_BYTES: number = 2 ** 20;
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
/** And bytes of their values, about: what is restored is held twice until it is committed. */
export const RESTORE_BYTES_PER_COMMIT: number = 8 * 2 ** 20;
/** One pair of a snapshot, at most: the largest value of a transaction and its key. */
export const SNAPSHOT_PAIR_BYTES_MAX: number = 64 * 2 ** 20;
/** The note beside the keys: it is written whole at every change. Some ten thousand users with their roles. */
export const NOTE_BYTES_MAX: number = 2 * 2 ** 20;
/** A chunk of a snapshot, about. */
export const SNAPSHOT_CHUNK_BYTES: number = 64 * 1024;
/** A file of the write-ahead log: filled in a fraction of a second at full speed, and little for a store that is idle. */
export const SEGMENT_BYTES: number = 2 ** 20;
/** Files of the log kept for reuse when the store opens: one to write to, one that stands ready. */
export const SEGMENT_SPARES: number = 2;
/** Zeros written at a time when a file of the log is made: each such write is synced, and others wait for the disk. */
export const SEGMENT_FILL_BYTES: number = 512 * 1024;
/** Files of the log: many times what back-pressure allows; more than these are not the log's. */
export const SEGMENTS_MAX: number = 1000;
/** One commit in the log, at most: Node writes less than this in one call, and a file's positions stay exact. */
export const FRAME_BYTES_MAX: number = 2 ** 31 - 2 ** 16;
/** Frames are written from memory taken in pieces of this size: what one value that is still read keeps alive. */
export const FRAME_ARENA_BYTES: number = 256 * 1024;
/** What one step of a checkpoint takes from the log, about: its sync is done in a few milliseconds. */
export const CHECKPOINT_BYTES: number = 2 ** 18;
/** A commit is in the checkpoint this long after it, however little was written. */
export const CHECKPOINT_DELAY_MS: number = 1000;
/** Log not yet in the checkpoint from which on commits are slowed, so that they come no faster than it goes. */
export const LOG_BYTES_SLOW: number = 8 * 2 ** 20;
/** Log not yet in the checkpoint beyond which commits wait for it: bounds memory, and what opening has to replay. */
export const LOG_BYTES_MAX: number = 64 * 2 ** 20;
/** Memory of the thread that writes checkpoints, in MiB; it holds one step's keys. */
export const CHECKPOINT_HEAP_MIB: number = 128;
