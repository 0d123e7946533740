/** The definitions that patterns name, by their names. */
import { apache, java, services, syslog } from "./patterns/applications.ts";
import { bacula } from "./patterns/bacula.ts";
import { basic } from "./patterns/basic.ts";
import { aws, exim, haproxy, rails } from "./patterns/delivery.ts";
import { cisco, otherFirewalls } from "./patterns/firewalls.ts";
import { matchers } from "./patterns/matchers.ts";
import { nagios, zeek } from "./patterns/monitoring.ts";

export type Library = ReadonlyMap<string, string>;

/** Of `parse_grok`. */
export const grokLibrary: Library = new Map(
  [
    basic,
    apache,
    syslog,
    java,
    services,
    aws,
    haproxy,
    exim,
    rails,
    nagios,
    zeek,
    bacula,
    cisco,
    otherFirewalls,
  ].flatMap((definitions) => Object.entries(definitions)),
);

/** Of `parse_groks`: the same and its rules' own matchers. */
export const ruleLibrary: Library = new Map([...grokLibrary, ...Object.entries(matchers)]);
