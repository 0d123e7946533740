import { Collection, Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { Failure } from "../runtime/failure.ts";
import type { Integer } from "../runtime/integer.ts";
import { isText } from "../runtime/kind-of.ts";
import { setKey } from "../runtime/object.ts";
import type { Match, Regex } from "../runtime/regex.ts";
import { lossyText, type Text } from "../runtime/text.ts";
import type { Value, VrlObject } from "../runtime/value.ts";
import type { Example, FunctionDefinition, RunClosure } from "./define.ts";
import { mismatch } from "./type/mismatch.ts";

const textOrNull = Kind.bytes.or(Kind.null);

const matchKind = Kind.ofObject(
  Collection.of<string>({ string: Kind.bytes, captures: Kind.arrayOf(textOrNull) }, textOrNull),
);

const takenName = new Failure('Capture group cannot be named "string" or "captures"');

export const replaceWith: FunctionDefinition = {
  name: "replace_with",
  category: "String",
  usage:
    "Replaces what `pattern` matches in `value` by what the closure makes of it. The closure is given an object: " +
    "`string` is the whole match, `captures` are the groups from the first on, and each named group stands under its " +
    "name. Groups that took no part are null. It has to return a string.",
  parameters: [
    { name: "value", kind: Part.bytes, description: "The string to search." },
    { name: "pattern", kind: Part.regex, description: "The regular expression to search for." },
    {
      name: "count",
      kind: Part.integer,
      isOptional: true,
      default: -1,
      description: "How many matches are replaced at most; all where it is negative.",
    },
  ],
  returns: Part.bytes,
  closure: {
    parameter: "value",
    kind: Part.bytes,
    variables: [{ of: "kind", kind: matchKind }],
    yields: Kind.bytes,
    isIterator: false,
  },
  typeOf: () => TypeDef.of(Kind.bytes),
  prepare:
    () =>
    (value: Text, pattern: Regex, count: Integer = -1, closure: RunClosure) => {
      if (pattern.groupNames.some((name) => name === "string" || name === "captures")) return takenName;
      if (count === 0) return value;
      return replaced(lossyText(value), pattern, count < 0 ? Infinity : Number(count), closure);
    },
};

function replaced(text: string, regex: Regex, countMax: number, closure: RunClosure): string | Failure {
  let result = "";
  let end = 0;
  for (const match of regex.execAll(text, countMax)) {
    const replacement = closure(matchObject(match, regex.groupNames));
    if (replacement instanceof Failure) return replacement;
    if (!isText(replacement)) return mismatch("string", replacement);
    result += text.slice(end, match.start) + lossyText(replacement);
    end = match.end;
  }
  return result + text.slice(end);
}

function matchObject({ groups }: Match, names: readonly (string | undefined)[]): VrlObject {
  const captures: Value[] = [];
  const object: VrlObject = { string: groups[0]!, captures };
  for (let index = 1; index < groups.length; index++) {
    const text = groups[index] ?? null;
    captures.push(text);
    const name = names[index];
    if (name !== undefined) setKey(object, name, text);
  }
  return object;
}

export const examples: readonly Example[] = [
  {
    title: "Change what was matched",
    source: "replace_with(\"x=10, y=4\", r'\\d+') -> |m| { to_string(to_int!(m.string) * 2) }",
    result: "x=20, y=8",
  },
  {
    title: "By a named group",
    source: "replace_with(\"Dear {name}!\", r'\\{(?P<key>\\w+)\\}') -> |m| { upcase!(m.key) }",
    result: "Dear NAME!",
  },
  {
    title: "Only the first",
    source:
      "replace_with(\"ab ab\", r'(a)(b)', count: 1) -> |m| { string!(m.captures[1]) + string!(m.captures[0]) }",
    result: "ba ab",
  },
];

export const tests: readonly Example[] = [
  { title: "None", source: 'replace_with("a", r\'a\', 0) -> |_m| { "b" }', result: "a" },
  { title: "No match", source: 'replace_with("a", r\'b\') -> |_m| { "c" }', result: "a" },
  { title: "Empty matches", source: 'replace_with("ab", r\'\') -> |_m| { "-" }', result: "-a-b-" },
  {
    title: "A group that took no part",
    source: 'replace_with("ab", r\'a(x)?\') -> |m| { if m.captures[0] == null { "-" } else { "+" } }',
    result: "-b",
  },
  {
    title: "The closure fails",
    source: "replace_with(\"a1\", r'.') -> |m| { to_string(to_int!(m.string)) }",
    error:
      'function call error for "replace_with" at (0:64): function call error for "to_string" at (34:62): function call error for "to_int" at (44:61): Invalid integer "a": invalid digit found in string',
  },
  {
    title: "A name that is taken",
    source: "replace_with(\"a\", r'(?P<captures>a)') -> |m| { m.string }",
    error:
      'function call error for "replace_with" at (0:57): Capture group cannot be named "string" or "captures"',
  },
];
