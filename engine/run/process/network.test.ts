import { systemClock } from "@plinth/clock";
import { initDirectoryOfTests } from "../driver-conformance.ts";
import { networkConformance } from "../network-conformance.ts";
import { createProcessDriver } from "./driver.ts";

networkConformance(import.meta.url, "process driver", () =>
  createProcessDriver({ clock: systemClock, initDirectory: initDirectoryOfTests() }),
);
