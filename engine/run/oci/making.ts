/** What makes containers and processes in them. */
export { StepFault } from "../container/step-fault.ts";
export { openInit } from "../init/init-file.ts";
export { createFromBundle, openBundle } from "./lifecycle/create.ts";
export { execInContainer } from "./lifecycle/exec.ts";
export { openMaster } from "../container/open-master.ts";
export { explainBundle } from "./lifecycle/explain.ts";
export { afterStart, beforeStart, startCreated } from "./lifecycle/start.ts";
export { OwnRuntime } from "../container/own-runtime.ts";
