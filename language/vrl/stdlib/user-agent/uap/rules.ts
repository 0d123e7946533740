/** Rules in the form of ua-parser's `regexes.yaml`: expressions in order, the first that matches tells. */
import { parse } from "yaml";
import { isObject } from "../../../runtime/kind-of.ts";
import type { Value, VrlObject } from "../../../runtime/value.ts";

export interface Rule {
  readonly regex: string;
  readonly ignoresCase: boolean;
  /** By what they replace; absent where the file tells none or an empty one. */
  readonly replacements: ReadonlyMap<string, string>;
}

export interface Rules {
  readonly browsers: readonly Rule[];
  readonly systems: readonly Rule[];
  readonly devices: readonly Rule[];
}

/** Throws where the text is no such file. */
export function parseRules(text: string): Rules {
  const file = parse(text) as Value;
  return {
    browsers: rulesOf(file, "user_agent_parsers"),
    systems: rulesOf(file, "os_parsers"),
    devices: rulesOf(file, "device_parsers"),
  };
}

function rulesOf(file: Value, section: string): Rule[] {
  const rules = isObject(file) ? file[section] : undefined;
  if (!Array.isArray(rules)) throw new TypeError(`Cannot read user agent rules: no list ${section}`);
  return rules.map((rule) => {
    if (!isObject(rule) || typeof rule["regex"] !== "string")
      throw new TypeError(`Cannot read user agent rules: a rule of ${section} has no expression`);
    return {
      regex: rule["regex"],
      ignoresCase: rule["regex_flag"] === "i",
      replacements: replacementsOf(rule),
    };
  });
}

function replacementsOf(rule: VrlObject): Map<string, string> {
  const replacements = new Map<string, string>();
  for (const [key, value] of Object.entries(rule)) {
    if (
      key.endsWith("_replacement") &&
      (typeof value === "string" || typeof value === "number") &&
      value !== ""
    )
      replacements.set(key.slice(0, -"_replacement".length), String(value));
  }
  return replacements;
}
