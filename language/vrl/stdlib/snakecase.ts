import { Part } from "../checker/kind.ts";
import { isText } from "../runtime/kind-of.ts";
import { lossyText, type Text } from "../runtime/text.ts";
import { variantOf } from "./arguments/variant.ts";
import type { CallRefusal, Example, FunctionDefinition, PrepareView } from "./define.ts";
import { boundariesFor, caseFunction, cases, convertCase } from "./string/casing.ts";

/** Those that can be excluded, in the order in which a message tells them. */
const excludable = [
  "lower_upper",
  "upper_lower",
  "acronym",
  "lower_digit",
  "upper_digit",
  "digit_lower",
  "digit_upper",
];

const withoutExclusions = caseFunction("snakecase", "snake_case", "two_words");

export const snakecase: FunctionDefinition = {
  ...withoutExclusions,
  parameters: [
    ...withoutExclusions.parameters,
    {
      name: "excluded_boundaries",
      kind: Part.array,
      isOptional: true,
      description: "Where words do not end: an array of literal strings.",
      variants: {
        lower_upper: "Between lower case and upper case, as in `aB`.",
        upper_lower: "Between upper case and lower case, as in `Ab`. No case ends words there.",
        acronym: "Before the last capital of several, where lower case follows: before the `C` of `ABCd`.",
        lower_digit: "Between lower case and a digit, as in `a1`.",
        upper_digit: "Between upper case and a digit, as in `A1`.",
        digit_lower: "Between a digit and lower case, as in `1a`.",
        digit_upper: "Between a digit and upper case, as in `1A`.",
      },
    },
  ],
  prepare: (call) => {
    const original = variantOf(call, "original_case", cases);
    if (typeof original === "object") return original;
    const excluded = exclusionsOf(call);
    if (!(excluded instanceof Set)) return excluded;
    const boundaries = boundariesFor(original, excluded);
    return (value: Text) => convertCase(lossyText(value), boundaries, "snake_case");
  },
};

function exclusionsOf(call: PrepareView): Set<string> | CallRefusal {
  const name = "excluded_boundaries";
  const excluded = new Set<string>();
  const argument = call.argument(name);
  if (argument === undefined) return excluded;
  if (argument.elements === undefined) return { refused: "array", name };
  for (const { constant } of argument.elements) {
    if (constant === undefined)
      return { refused: "message", name, message: "expected static string for excluded_boundaries" };
    const boundary = isText(constant) ? lossyText(constant) : "";
    if (!excludable.includes(boundary))
      return { refused: "message", name, message: `boundary must match one of: ${excludable.join(", ")}` };
    excluded.add(boundary);
  }
  return excluded;
}

export const examples: readonly Example[] = [
  { title: "From camel case", source: 'snakecase("userAgentName")', result: "user_agent_name" },
  {
    title: "Digits stay with their word",
    source: 'snakecase("http2Port", excluded_boundaries: ["lower_digit"])',
    result: "http2_port",
  },
];

export const tests: readonly Example[] = [
  { title: "Empty", source: 'snakecase("")', result: "s''" },
  { title: "Acronyms and digits", source: 'snakecase("XMLHttpRequest2Go")', result: "xml_http_request_2_go" },
  {
    title: "No acronyms",
    source: 'snakecase("XMLHttp", excluded_boundaries: ["acronym"])',
    result: "xmlhttp",
  },
  {
    title: "Several boundaries",
    source: 'snakecase("ec2Host", excluded_boundaries: ["lower_digit", "digit_upper"])',
    result: "ec2host",
  },
  {
    title: "Only hyphens count",
    source: 'snakecase("my_app-nameX", original_case: "kebab-case")',
    result: "my_app_namex",
  },
  { title: "None excluded", source: 'snakecase("aB", excluded_boundaries: [])', result: "a_b" },
  { title: "Separators of all kinds", source: 'snakecase("a b-c_d--e")', result: "a_b_c_d_e" },
  {
    title: "Not a string",
    source: "snakecase!(.n)",
    input: '{"n": 1}',
    error: 'function call error for "snakecase" at (0:14): expected string, got integer',
  },
];
