/** The worker: all that is slow to load, and all that may not end. */
import { standardLibrary } from "@plinth/vrl";
import { helpOf } from "./function-help.ts";
import type { FromWorker, Job } from "./messages.ts";
import { reportOn } from "./report.ts";

// The page's types are those of windows; of a worker's own two members are used, which windows share.
const post = (message: FromWorker): void => self.postMessage(message);

self.addEventListener("message", ({ data }: MessageEvent<Job>) => {
  post({ type: "report", report: reportOn(data) });
});
post({ type: "ready", functions: standardLibrary.map(helpOf) });
