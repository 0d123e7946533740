import { Part } from "../checker/kind.ts";
import { isObject, isText } from "../runtime/kind-of.ts";
import { setKey } from "../runtime/object.ts";
import { lossyText } from "../runtime/text.ts";
import type { Value, VrlObject } from "../runtime/value.ts";
import type { CallRefusal, Example, FunctionDefinition, PrepareView } from "./define.ts";
import { filterOf, type Filter } from "./redact/filter.ts";
import { redactorOf, type Redactor } from "./redact/redactor.ts";

export const redact: FunctionDefinition = {
  name: "redact",
  category: "String",
  usage:
    "Replaces what must not be seen in `value`, and in all strings within it where it is an array or an object. " +
    "Keys of objects and what is no string stay as they are.",
  parameters: [
    {
      name: "value",
      kind: Part.bytes | Part.object | Part.array,
      isUnchecked: true,
      description: "The string, array or object to take it out of.",
    },
    {
      name: "filters",
      kind: Part.array,
      description:
        "What to take out, known when the program is compiled. Each is one of\n" +
        "- a regular expression: what it matches;\n" +
        '- `"us_social_security_number"`: what looks like such a number;\n' +
        '- an object whose `type` is `"us_social_security_number"`, or is `"pattern"` and whose `patterns` is an ' +
        "array of regular expressions and strings.",
    },
    {
      name: "redactor",
      kind: Part.object | Part.bytes,
      isOptional: true,
      description:
        "What to put in its place, known when the program is compiled: a name, or an object with the name as its " +
        "`type`.\n" +
        "- `full`: `[REDACTED]`, the default;\n" +
        "- `text`: the object's `replacement`;\n" +
        "- `sha2`, `sha3`: a hash of it; the object can name the `variant` (`SHA-512/256`, `SHA3-512` where it does " +
        "not) and the `encoding`, `base64` or `base16`.",
    },
  ],
  returns: Part.bytes | Part.object | Part.array,
  isFresh: true,
  typeOf: (call) => call.type("value").infallible,
  prepare: (call) => {
    const filters = filtersOf(call);
    if (!Array.isArray(filters)) return filters;
    const redactor = givenRedactor(call);
    if (typeof redactor !== "function") return redactor;
    return (value: Value) => redacted(value, filters, redactor);
  },
};

function filtersOf(call: PrepareView): Filter[] | CallRefusal {
  const name = "filters";
  const elements = call.argument(name)?.elements;
  if (elements === undefined) return { refused: "array", name };
  const filters: Filter[] = [];
  for (const { constant: value } of elements) {
    if (value === undefined) return { refused: "static", name };
    const filter = filterOf(value);
    if (typeof filter === "string") return { refused: "argument", name, value, error: filter };
    filters.push(filter);
  }
  return filters;
}

function givenRedactor(call: PrepareView): Redactor | CallRefusal {
  const name = "redactor";
  const argument = call.argument(name);
  if (argument === undefined) return redactorOf("full") as Redactor;
  const value = argument.constant;
  if (value === undefined) return { refused: "literal", name };
  const redactor = redactorOf(value);
  return typeof redactor === "string" ? { refused: "argument", name, value, error: redactor } : redactor;
}

function redacted(value: Value, filters: readonly Filter[], redactor: Redactor): Value {
  if (isText(value)) {
    let text = lossyText(value);
    for (const filter of filters) text = filter(text, redactor);
    return text;
  }
  if (Array.isArray(value)) return value.map((element) => redacted(element, filters, redactor));
  if (!isObject(value)) return value;
  const object: VrlObject = {};
  for (const key of Object.keys(value)) setKey(object, key, redacted(value[key]!, filters, redactor));
  return object;
}

export const examples: readonly Example[] = [
  {
    title: "What an expression matches",
    source: "redact(\"card 4111-1111-1111-1111 was declined\", filters: [r'\\d{4}(?:-\\d{4}){3}'])",
    result: "card [REDACTED] was declined",
  },
  {
    title: "Within an object",
    source: 'redact({ "note": "SSN 078-11-1121", "age": 40 }, filters: ["us_social_security_number"])',
    result: '{"note": "SSN [REDACTED]", "age": 40}',
  },
  {
    title: "Another text in its place",
    source: 'redact("user=ada", filters: [r\'\\w+$\'], redactor: {"type": "text", "replacement": "***"})',
    result: "user=***",
  },
];

export const tests: readonly Example[] = [
  {
    title: "Strings are taken as they are",
    source: 'redact("a.b.c", [{"type": "pattern", "patterns": [".", r\'c\']}])',
    result: "a[REDACTED]b[REDACTED][REDACTED]",
  },
  {
    title: "Bytes that are no text",
    source: "redact(decode_base16!(\"ff61\"), [r'a'])",
    result: '"\ufffd[REDACTED]"',
  },
  { title: "No filters", source: 'redact(["a", [1]], [])', result: '["a", [1]]' },
  {
    title: "Not a number of that kind",
    source: 'redact("666-12-1234 000-12-1234", ["us_social_security_number"])',
    result: "666-12-1234 000-12-1234",
  },
  {
    title: "A dollar stands for itself",
    source: 'redact("a", [r\'(a)\'], {"type": "text", "replacement": "$1"})',
    result: "$1",
  },
  {
    title: "Nested",
    source: 'redact({ "a": [{ "b": "1" }, 1, null] }, [{"type": "pattern", "patterns": [r\'1\']}], "full")',
    result: '{"a": [{"b": "[REDACTED]"}, 1, null]}',
  },
  {
    title: "A hash of 256 bits in hexadecimal digits",
    source: 'redact("id abc", [r\'abc\'], {"type": "sha2", "variant": "SHA-256", "encoding": "base16"})',
    result: "id ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  },
  {
    title: "A hash of the other family",
    source: 'redact("abc", [r\'abc\'], {"type": "sha3", "variant": "SHA3-256", "encoding": "hex"})',
    result: "s'3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532'",
  },
  {
    title: "The usual hash",
    source: 'redact("abc", [r\'abc\'], "sha2")',
    result: "s'UwSOJoGUHvmbLim3a0x9q+TC0MY0/G1G4OLxMQfnryM='",
  },
];
