/** plinthd: wires API, store and controllers, and stays up. */
export { homePaths, machineLabel } from "./home.ts";
export type { HomePaths, PortWishes } from "./home.ts";
export { openHomeImages } from "./open-images.ts";
export { comesUp, ensureDaemon, superviseDaemon } from "./supervise.ts";
export type { DaemonOptions, Supervision } from "./supervise.ts";
