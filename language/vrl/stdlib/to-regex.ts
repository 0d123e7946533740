import { Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { Failure } from "../runtime/failure.ts";
import { Regex } from "../runtime/regex.ts";
import { lossyText, type Text } from "../runtime/text.ts";
import type { Example, FunctionDefinition } from "./define.ts";

export const toRegex: FunctionDefinition = {
  name: "to_regex",
  category: "Coerce",
  usage: "Makes a regular expression of `value`.",
  parameters: [{ name: "value", kind: Part.bytes, description: "The expression as text." }],
  failures: ["`value` is not a string.", "`value` is not a regular expression."],
  returns: Part.regex,
  returnRules: ["The expression that `value` is the text of."],
  notices: [
    "The expression is compiled for every event that brings another one, which takes long: where it is known, write " +
      "it as a literal.",
  ],
  typeOf: () => TypeDef.of(Kind.regex).fallible,
  prepare: () => {
    // As a rule events bring the same.
    let last: Regex | undefined;
    return (value: Text) => {
      const source = lossyText(value);
      if (last?.source === source) return last;
      const regex = Regex.compile(source);
      if (!(regex instanceof Regex)) return new Failure(`could not create regex: ${regex.message}`);
      return (last = regex);
    };
  },
};

export const examples: readonly Example[] = [
  { title: "From text", source: String.raw`to_regex!("^\\d+$")`, result: String.raw`r'^\d+$'` },
  {
    title: "From the event",
    source: 'match("DEBUG: x", to_regex!(.quiet))',
    input: '{"quiet": "^(?:DEBUG|TRACE):"}',
    result: "true",
  },
  {
    title: "Not an expression",
    source: 'to_regex!("a)")',
    error:
      'function call error for "to_regex" at (0:15): could not create regex: regex parse error:\n    a)\n     ^\nerror: unopened group',
  },
];

export const tests: readonly Example[] = [
  { title: "Empty", source: 'to_regex!("")', result: "r''" },
  {
    title: "Twice",
    source: "a = to_regex!(.a)\nb = to_regex!(.a)\na == b",
    input: '{"a": "x"}',
    result: "true",
  },
  {
    title: "Too big",
    source: 'to_regex!("((a{999}){999}){999}")',
    error:
      'function call error for "to_regex" at (0:33): could not create regex: Compiled regex exceeds size limit of 10485760 bytes.',
  },
  {
    title: "Only strings",
    source: "to_regex!(.n)",
    input: '{"n": 1}',
    error: 'function call error for "to_regex" at (0:13): expected string, got integer',
  },
];
