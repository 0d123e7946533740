import type { ServiceSpec } from "@plinth/resource";
import type { Driver } from "@plinth/run";

/** The kinds of sandbox there are. */
export interface Drivers {
  readonly process: Driver;
  readonly container: Driver;
  /** For what runs by itself. */
  readonly external: Driver;
}

/** Which of them runs a service's instances. */
export function driverOf({ image, isolate, address }: ServiceSpec): keyof Drivers {
  if (address !== undefined) return "external";
  return image !== undefined || isolate === true ? "container" : "process";
}
