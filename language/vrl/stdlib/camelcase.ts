import type { Example, FunctionDefinition } from "./define.ts";
import { caseFunction } from "./string/casing.ts";

export const camelcase: FunctionDefinition = caseFunction("camelcase", "camelCase", "twoWords");

export const examples: readonly Example[] = [
  { title: "From snake case", source: 'camelcase("user_agent_name")', result: "userAgentName" },
  {
    title: "Only hyphens count",
    source: 'camelcase("my_app-nameX", original_case: "kebab-case")',
    result: "my_appNamex",
  },
];

export const tests: readonly Example[] = [
  { title: "Empty", source: 'camelcase("")', result: "s''" },
  { title: "Acronyms and digits", source: 'camelcase("XMLHttpRequest2Go")', result: "xmlHttpRequest2Go" },
  { title: "Separators alone", source: 'camelcase("-_ -")', result: "s''" },
  { title: "Beyond ASCII", source: 'camelcase("Straße_ÖL")', result: "straßeÖl" },
  {
    title: "Not a string",
    source: "camelcase!(.n)",
    input: '{"n": 1}',
    error: 'function call error for "camelcase" at (0:14): expected string, got integer',
  },
];
