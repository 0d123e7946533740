/** Several machines as one: joining, what a joined host is told, what it reports. */
export { authoritySource } from "./authority-source.ts";
export { joinFirstHost } from "./first-host.ts";
export { openHostApi } from "./host-api.ts";
export type { HostApi } from "./host-api.ts";
export { readHostCredential, writeHostCredential } from "./host-credential.ts";
export type { HostCredential } from "./host-credential.ts";
export { HostSessions } from "./host-sessions.ts";
export { JoinedHost, onlyFirstHost } from "./joined-host.ts";
export type { Door, HostQuestion, Question, SightQuestion } from "./messages.ts";
export { worldOf } from "./world.ts";
