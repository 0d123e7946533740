import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import type { Regex } from "../runtime/regex.ts";
import { lossyText, type Text } from "../runtime/text.ts";
import type { Example, FunctionDefinition, Parameter } from "./define.ts";

function replacement(name: string, description: string): Parameter {
  return { name, kind: Part.bytes, isOptional: true, default: "", description };
}

export const sieve: FunctionDefinition = {
  name: "sieve",
  category: "String",
  usage:
    "Keeps only what `permitted_characters` matches in `value`; what stands between the matches is replaced.",
  parameters: [
    { name: "value", kind: Part.bytes, description: "The string to sift." },
    { name: "permitted_characters", kind: Part.regex, description: "What to keep." },
    replacement("replace_single", "What is put for a single byte that is not kept."),
    replacement("replace_repeated", "What is put for several bytes in a row that are not kept."),
  ],
  returns: Part.bytes,
  notices: ["What stands behind the last match is left out, whatever it is replaced by elsewhere."],
  typeOf: () => TypeDef.of(Kind.bytes),
  prepare:
    () =>
    (value: Text, permitted: Regex, single: Text = "", repeated: Text = "") => {
      const text = lossyText(value);
      let result = "";
      let end = 0;
      for (const match of permitted.findAll(text)) {
        if (match.start > end) {
          const isByte = match.start === end + 1 && text.charCodeAt(end) < 0x80;
          result += lossyText(isByte ? single : repeated);
        }
        result += text.slice(match.start, match.end);
        end = match.end;
      }
      return result;
    },
};

export const examples: readonly Example[] = [
  {
    title: "Keep letters and digits",
    source: "sieve(\"+49 (0)30-1234\", permitted_characters: r'[0-9]')",
    result: "s'490301234'",
  },
  {
    title: "Put something in place of the rest",
    source: 'sieve("a b, c", r\'[a-z]\', replace_single: "_", replace_repeated: "…")',
    result: "a_b…c",
  },
];

export const tests: readonly Example[] = [
  { title: "Nothing is kept", source: 'sieve("123", r\'[a-z]\', replace_repeated: "-")', result: "s''" },
  {
    title: "What comes last is left out",
    source: 'sieve("a1", r\'[a-z]\', replace_single: "-")',
    result: "a",
  },
  {
    title: "What comes first is replaced",
    source: 'sieve("1a", r\'[a-z]\', replace_single: "-")',
    result: "-a",
  },
  {
    title: "One character of two bytes counts as several",
    source: 'sieve("aéb", r\'[a-z]\', "1", "2")',
    result: "a2b",
  },
  { title: "Matches of several characters", source: "sieve(\"ab-cd\", r'[a-z]{2}')", result: "abcd" },
  { title: "Empty", source: "sieve(\"\", r'.')", result: "s''" },
];
