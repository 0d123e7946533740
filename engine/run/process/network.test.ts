import { systemClock } from "@plinth/clock";
import { networkConformance } from "../network-conformance.ts";
import { createProcessDriver } from "./driver.ts";

networkConformance(import.meta.url, "process driver", () => createProcessDriver({ clock: systemClock }));
