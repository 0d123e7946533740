/** Fakes, and the conformance suite every driver must pass. */
export { driverConformance, NO_LIMITS, scratch, untilLogged } from "./driver-conformance.ts";
export type { Scratch } from "./driver-conformance.ts";
export { fakeImage, writeFakeLayout } from "./image/fake-images.ts";
export type { FakeEntry, FakeImage } from "./image/fake-images.ts";
export { networkConformance } from "./network-conformance.ts";
export { createFakeDriver } from "./fake-driver.ts";
export type { FakeDriver, FakeTask } from "./fake-driver.ts";
