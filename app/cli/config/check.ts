import { definitions } from "@plinth/resource";
import type { ConfigProblem } from "./config-fault.ts";

/** What the schema says about a config. */
export function checkConfig(_value: unknown): ConfigProblem[] {
  return [];
}

/** The config's JSON Schema, for editors. */
export function configSchema(): object {
  return { $ref: "#/$defs/Config", $defs: definitions };
}
