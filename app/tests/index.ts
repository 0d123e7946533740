/** Whole systems under load and fault: a Plinth in a home of its own, and load that counts what fails. */
export { startLoad } from "./load.ts";
export type { Load, LoadReport } from "./load.ts";
export { createPlinth, isGone, RUNTIMES } from "./plinth.ts";
export type { Plinth, CommandResult } from "./plinth.ts";
export { createProject, serverSaying } from "./project.ts";
export type { Project } from "./project.ts";
