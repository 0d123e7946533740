/** gRPC's interoperability cases, for whatever stands between a client and a server. */
export { cases, startOurs, startTheirs, theirClient } from "./interop.ts";
export type { Case, Client, Serving } from "./interop.ts";
