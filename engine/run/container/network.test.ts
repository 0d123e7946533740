import { systemClock } from "@plinth/clock";
import { networkConformance } from "../network-conformance.ts";
import { onHostSystem } from "./on-host-system.ts";

networkConformance(import.meta.url, "container driver", () => onHostSystem("plinth", systemClock));
