/** Lines of Bacula's log. */

const VOLUME = String.raw`\"%{BACULA_VOLUME:volume}\"`;
const DEVICE = String.raw`\"%{BACULA_DEVICE:device}\"`;
const PATH = String.raw`\(%{BACULA_DEVICEPATH}\)`;
const TIME = "%{MONTHDAY}-%{MONTH}-%{YEAR} %{HOUR}:%{MINUTE}.";
const PEER =
  "(?:Client: %{BACULA_HOST:client}|Storage daemon) on %{HOSTNAME}:%{POSINT}. ERR=(?<berror>%{GREEDYDATA})";

function cannot(what: string): string {
  return String.raw`\s+${what} %{DATA}: ERR=%{GREEDYDATA:berror}`;
}

/** Messages in the order in which a line is tried. */
const messages: readonly (readonly [name: string, message: string])[] = [
  [
    "MAX_CAPACITY",
    `User defined maximum volume capacity %{BACULA_CAPACITY} exceeded on device ${DEVICE} ${PATH}`,
  ],
  [
    "END_VOLUME",
    `End of medium on Volume ${VOLUME} Bytes=%{BACULA_CAPACITY} Blocks=%{BACULA_CAPACITY} at ${TIME}`,
  ],
  ["NEW_VOLUME", `Created new Volume ${VOLUME} in catalog.`],
  ["NEW_LABEL", `Labeled new Volume ${VOLUME} on device ${DEVICE} ${PATH}.`],
  [
    "WROTE_LABEL",
    String.raw`Wrote label to prelabeled Volume ${VOLUME} on device \"%{BACULA_DEVICE}\" ${PATH}`,
  ],
  ["NEW_MOUNT", `New volume ${VOLUME} mounted on device ${DEVICE} ${PATH} at ${TIME}`],
  ["NOOPEN", cannot("Cannot open")],
  ["NOOPENDIR", cannot("Could not open directory")],
  ["NOSTAT", cannot("Could not stat")],
  ["NOJOBS", `There are no more Jobs associated with Volume ${VOLUME}. Marking it purged.`],
  ["ALL_RECORDS_PRUNED", String.raw`All records pruned from Volume ${VOLUME}; marking it \"Purged\"`],
  ["BEGIN_PRUNE_JOBS", "Begin pruning Jobs older than %{INT} month %{INT} days ."],
  ["BEGIN_PRUNE_FILES", "Begin pruning Files."],
  ["PRUNED_JOBS", "Pruned %{INT} Jobs* for client %{BACULA_HOST:client} from catalog."],
  ["PRUNED_FILES", "Pruned Files from %{INT} Jobs* for client %{BACULA_HOST:client} from catalog."],
  ["ENDPRUNE", "End auto prune."],
  ["STARTJOB", "Start Backup JobId %{INT}, Job=%{BACULA_JOB:job}"],
  ["STARTRESTORE", "Start Restore Job %{BACULA_JOB:job}"],
  ["USEDEVICE", `Using Device ${DEVICE}`],
  [
    "DIFF_FS",
    String.raw`\s+%{UNIXPATH} is a different filesystem. Will not descend from %{UNIXPATH} into it.`,
  ],
  ["JOBEND", "Job write elapsed time = %{DATA:elapsed}, Transfer rate = %{NUMBER} (?:K|M|G)? Bytes/second"],
  ["NOPRUNE_JOBS", "No Jobs found to prune."],
  ["NOPRUNE_FILES", "No Files found to prune."],
  ["VOLUME_PREVWRITTEN", `Volume ${VOLUME} previously written, moving to end of data.`],
  ["READYAPPEND", `Ready to append to end of Volume ${VOLUME} size=%{INT}`],
  ["CANCELLING", "Cancelling duplicate JobId=%{INT}."],
  ["MARKCANCEL", "JobId %{INT}, Job %{BACULA_JOB:job} marked to be canceled."],
  ["CLIENT_RBJ", String.raw`shell command: run ClientRunBeforeJob \"%{GREEDYDATA:runjob}\"`],
  ["VSS", "(?:Generate )?VSS (?:Writer)?"],
  ["MAXSTART", "Fatal error: Job canceled because max start delay time exceeded."],
  ["DUPLICATE", "Fatal error: JobId %{INT:duplicate} already running. Duplicate job not allowed."],
  ["NOJOBSTAT", "Fatal error: No Job status returned from FD."],
  ["FATAL_CONN", `Fatal error: bsock.c:133 Unable to connect to ${PEER}`],
  ["NO_CONNECT", `Warning: bsock.c:127 Could not connect to ${PEER}`],
  ["NO_AUTH", "Fatal error: Unable to authenticate with File daemon at %{HOSTNAME}. Possible causes:"],
  ["NOSUIT", "No prior or suitable Full backup found in catalog. Doing FULL backup."],
  ["JOB", String.raw`(?:Error: )?Bacula %{BACULA_HOST} %{BACULA_VERSION} \(%{BACULA_VERSION}\):`],
  ["NOPRIOR", "No prior Full backup Job record found."],
];

export const bacula: Readonly<Record<string, string>> = {
  BACULA_TIMESTAMP: "%{MONTHDAY}-%{MONTH} %{HOUR}:%{MINUTE}",
  BACULA_HOST: "[a-zA-Z0-9-]+",
  BACULA_VOLUME: "%{USER}",
  BACULA_DEVICE: "%{USER}",
  BACULA_DEVICEPATH: "%{UNIXPATH}",
  BACULA_CAPACITY: "%{INT}{1,3}(?:,%{INT}{3})*",
  BACULA_VERSION: "%{USER}",
  BACULA_JOB: "%{USER}",
  ...Object.fromEntries(messages.map(([name, message]) => [`BACULA_LOG_${name}`, message])),
  BACULA_LOGLINE: `%{BACULA_TIMESTAMP:bts} %{BACULA_HOST:hostname} JobId %{INT:jobid}: (?:${messages.map(([name]) => `%{BACULA_LOG_${name}}`).join("|")})`,
};
