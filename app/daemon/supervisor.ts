/** The small process that starts the daemon again when it dies, for `plinth up --detach`. */
import { closeSync, writeSync } from "node:fs";
import { flushCompileCache } from "node:module";
import { Fault } from "@plinth/fault";
import { parseDaemonArguments } from "./arguments.ts";
import { comesUp, reportReadiness, superviseDaemon } from "./supervise.ts";

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
const supervision = superviseDaemon({ ...options, signal: ended.signal });
try {
  await supervision.ready.catch(async (error: unknown) => {
    // Another was faster, as when two users start the same home: its daemon serves this one, too.
    if (!isConflict(error) || !(await comesUp(options.home))) throw error;
  });
  report.ready();
} catch (error) {
  report.failed(error);
}
flushCompileCache();
await supervision.ended.catch((error: unknown) => {
  if (!isConflict(error)) throw error;
});

function isConflict(error: unknown): boolean {
  return error instanceof Fault && error.code === "conflict";
}
