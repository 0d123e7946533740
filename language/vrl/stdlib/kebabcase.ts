import type { Example, FunctionDefinition } from "./define.ts";
import { caseFunction } from "./string/casing.ts";

export const kebabcase: FunctionDefinition = caseFunction("kebabcase", "kebab-case", "two-words");

export const examples: readonly Example[] = [
  { title: "From snake case", source: 'kebabcase("user_agent_name")', result: "user-agent-name" },
  {
    title: "Only hyphens count",
    source: 'kebabcase("my_app-nameX", original_case: "kebab-case")',
    result: "my_app-namex",
  },
];

export const tests: readonly Example[] = [
  { title: "Empty", source: 'kebabcase("")', result: "s''" },
  { title: "Acronyms and digits", source: 'kebabcase("XMLHttpRequest2Go")', result: "xml-http-request-2-go" },
  { title: "Separators alone", source: 'kebabcase("-_ -")', result: "s''" },
  { title: "Beyond ASCII", source: 'kebabcase("Straße_ÖL")', result: "straße-öl" },
  {
    title: "Not a string",
    source: "kebabcase!(.n)",
    input: '{"n": 1}',
    error: 'function call error for "kebabcase" at (0:14): expected string, got integer',
  },
];
