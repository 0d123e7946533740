import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** ua-parser's rules, which tell user agents apart: data of a package. */
export function userAgentRules(): string {
  return readFileSync(fileURLToPath(import.meta.resolve("uap-core/regexes.yaml")), "utf8");
}
