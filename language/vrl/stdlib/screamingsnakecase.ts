import type { Example, FunctionDefinition } from "./define.ts";
import { caseFunction } from "./string/casing.ts";

export const screamingsnakecase: FunctionDefinition = caseFunction(
  "screamingsnakecase",
  "SCREAMING_SNAKE",
  "TWO_WORDS",
);

export const examples: readonly Example[] = [
  { title: "From snake case", source: 'screamingsnakecase("user_agent_name")', result: "USER_AGENT_NAME" },
  {
    title: "Only hyphens count",
    source: 'screamingsnakecase("my_app-nameX", original_case: "kebab-case")',
    result: "MY_APP_NAMEX",
  },
];

export const tests: readonly Example[] = [
  { title: "Empty", source: 'screamingsnakecase("")', result: "s''" },
  {
    title: "Acronyms and digits",
    source: 'screamingsnakecase("XMLHttpRequest2Go")',
    result: "XML_HTTP_REQUEST_2_GO",
  },
  { title: "Separators alone", source: 'screamingsnakecase("-_ -")', result: "s''" },
  { title: "Beyond ASCII", source: 'screamingsnakecase("Straße_ÖL")', result: "STRASSE_ÖL" },
  {
    title: "Not a string",
    source: "screamingsnakecase!(.n)",
    input: '{"n": 1}',
    error: 'function call error for "screamingsnakecase" at (0:23): expected string, got integer',
  },
];
