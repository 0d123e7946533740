/** The small process that starts the daemon again when it dies, for `plinth up --detach`. */
import { closeSync, writeSync } from "node:fs";
import { flushCompileCache } from "node:module";
import { parseDaemonArguments } from "./arguments.ts";
import { homePaths } from "./home.ts";
import { writeProcessRecord } from "./process-record.ts";
import { reportReadiness, superviseDaemon } from "./supervise.ts";

const READY_DESCRIPTOR = 3;
const ended = new AbortController();
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
  process.once(signal, () => ended.abort(new Error(`ended by ${signal}`)));
}
const report = reportReadiness((text) => {
  writeSync(READY_DESCRIPTOR, text);
  closeSync(READY_DESCRIPTOR);
});
const options = parseDaemonArguments(process.argv.slice(2));
await writeProcessRecord(homePaths(options.home).supervisorRecord);
const supervision = superviseDaemon({ ...options, signal: ended.signal });
await supervision.ready.then(
  () => report.ready(),
  (error: unknown) => report.failed(error),
);
flushCompileCache();
await supervision.ended;
