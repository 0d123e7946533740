/** One error class with a closed code; edges turn the code into an HTTP status or an exit code. */
export { Fault, messageOf } from "./fault.ts";
export type { FaultCode, FaultOptions } from "./fault.ts";
