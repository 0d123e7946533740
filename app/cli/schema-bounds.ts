/** Of the schema, what files of other forms are brought under before it is asked. */
import { definitions, type ServiceSpec } from "@plinth/resource";

const { env, aliases, extraPorts, publish, stopSignal } = definitions.ServiceSpec.properties;

/** How a variable of a service may be named. */
export const VARIABLE: RegExp = new RegExp(env.propertyNames.pattern);
/** How a further name of a service may be written. */
export const ALIAS: RegExp = new RegExp(aliases.items.pattern);
export const EXTRA_PORTS_MAX: number = extraPorts.maxItems;
export const PUBLISHED_MAX: number = publish.maxItems;
/** Noes in a row that turn a probe bad. */
export const FAILURES_MAX: number = definitions.Probe.properties.failureThreshold.maximum;
export const STOP_SIGNALS: readonly NonNullable<ServiceSpec["stopSignal"]>[] = stopSignal.enum;

/** Why a variable cannot be had whose name is no `VARIABLE`. */
export const variableProblem = (name: string): string =>
  `a variable is named with letters, digits and _ . - only, not ${JSON.stringify(name)}`;
