import { systemClock } from "@plinth/clock";
import { driverConformance, initDirectoryOfTests } from "../driver-conformance.ts";
import { createProcessDriver } from "./driver.ts";

driverConformance("process driver", () =>
  createProcessDriver({ clock: systemClock, initDirectory: initDirectoryOfTests() }),
);
