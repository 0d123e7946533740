/** What tests ask of the machine for servers that they start, and of processes. */
export { freePort } from "./free-port.ts";
export { openFiles } from "./open-files.ts";
