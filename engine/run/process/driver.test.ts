import { systemClock } from "@plinth/clock";
import { driverConformance } from "../driver-conformance.ts";
import { createProcessDriver } from "./driver.ts";

driverConformance("process driver", () => createProcessDriver({ clock: systemClock }));
