/** plinthd: wires API, store and controllers, and stays up. */
export type { PortWishes } from "./home.ts";
export { createHome, homePaths } from "./home-paths.ts";
export type { HomePaths } from "./home-paths.ts";
export { machineLabel } from "./machine-label.ts";
export { installService, uninstallService, unitOf } from "./service/install.ts";
export type { Installation } from "./service/install.ts";
export { serviceOf } from "./service/record.ts";
export type { ServiceRecord } from "./service/record.ts";
export { isSystemdHere, lingers } from "./service/systemd.ts";
export { upgradeDaemon } from "./upgrade.ts";
export { comesUp, ensureDaemon, superviseDaemon } from "./supervise.ts";
export type { DaemonOptions, Supervision } from "./supervise.ts";
