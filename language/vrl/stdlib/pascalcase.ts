import type { Example, FunctionDefinition } from "./define.ts";
import { caseFunction } from "./string/casing.ts";

export const pascalcase: FunctionDefinition = caseFunction("pascalcase", "PascalCase", "TwoWords");

export const examples: readonly Example[] = [
  { title: "From snake case", source: 'pascalcase("user_agent_name")', result: "UserAgentName" },
  {
    title: "Only hyphens count",
    source: 'pascalcase("my_app-nameX", original_case: "kebab-case")',
    result: "My_appNamex",
  },
];

export const tests: readonly Example[] = [
  { title: "Empty", source: 'pascalcase("")', result: "s''" },
  { title: "Acronyms and digits", source: 'pascalcase("XMLHttpRequest2Go")', result: "XmlHttpRequest2Go" },
  { title: "Separators alone", source: 'pascalcase("-_ -")', result: "s''" },
  { title: "Beyond ASCII", source: 'pascalcase("Straße_ÖL")', result: "StraßeÖl" },
  {
    title: "Not a string",
    source: "pascalcase!(.n)",
    input: '{"n": 1}',
    error: 'function call error for "pascalcase" at (0:15): expected string, got integer',
  },
];
