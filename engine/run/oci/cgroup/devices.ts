import { Fault } from "@plinth/fault";
import type { DeviceRule } from "../config.ts";

/** A rule in full: about block or character devices, or "a", which is all of them with all access. */
export interface FullRule {
  readonly allow: boolean;
  readonly type: "a" | "b" | "c";
  /** Undefined: any. */
  readonly major: number | undefined;
  readonly minor: number | undefined;
  /** r, w and m, in this order. */
  readonly access: string;
}

/** Profiles list a few dozen; each costs the kernel a comparison at every open of a device. */
const RULES_MAX = 512;

/**
 * What every container may use, whatever its configuration says: the devices that the specification gives it, those of
 * its terminals, and making nodes of devices, which alone opens nothing.
 */
const ALWAYS: readonly FullRule[] = [
  { allow: true, type: "c", major: undefined, minor: undefined, access: "m" },
  { allow: true, type: "b", major: undefined, minor: undefined, access: "m" },
  ...[
    [1, 3], // null
    [1, 5], // zero
    [1, 7], // full
    [1, 8], // random
    [1, 9], // urandom
    [5, 0], // tty
    [5, 1], // console
    [5, 2], // ptmx
  ].map(([major, minor]): FullRule => ({ allow: true, type: "c", major, minor, access: "rwm" })),
  { allow: true, type: "c", major: 136, minor: undefined, access: "rwm" }, // pts/*
];

/** The rules of a container in order; the last one that speaks of an access decides. First of all, nothing is allowed. */
export function deviceRules(rules: readonly DeviceRule[]): FullRule[] {
  if (rules.length > RULES_MAX)
    throw new Fault("too-large", `Cannot use ${rules.length} device rules: the limit is ${RULES_MAX}`);
  const start: FullRule = { allow: false, type: "a", major: undefined, minor: undefined, access: "rwm" };
  return [start, ...rules.flatMap(fullRules), ...ALWAYS];
}

function fullRules(rule: DeviceRule): FullRule[] {
  const { allow, type = "a", access = "" } = rule;
  const number = (value: number | undefined): number | undefined => (value === -1 ? undefined : value);
  const major = number(rule.major);
  const minor = number(rule.minor);
  const sorted = ["r", "w", "m"].filter((letter) => access.includes(letter)).join("");
  if (sorted === "") return [];
  // The kernel takes "a" for everything, whatever else stands beside it.
  const types =
    type !== "a" ? [type] : isTotal(major, minor, sorted) ? (["a"] as const) : (["b", "c"] as const);
  return types.map((each) => ({ allow, type: each, major, minor, access: sorted }));
}

const isTotal = (major: number | undefined, minor: number | undefined, access: string): boolean =>
  major === undefined && minor === undefined && access === "rwm";
