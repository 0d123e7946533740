import { Collection, Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { CustomFields } from "./cef/custom-fields.ts";
import { readEvent } from "./cef/read.ts";
import { Failure } from "../runtime/failure.ts";
import { setKey } from "../runtime/object.ts";
import { lossyText, type Text } from "../runtime/text.ts";
import type { Value, VrlObject } from "../runtime/value.ts";
import type { Example, FunctionDefinition } from "./define.ts";

const headerNames = [
  "cefVersion",
  "deviceVendor",
  "deviceProduct",
  "deviceVersion",
  "deviceEventClassId",
  "name",
  "severity",
] as const;

const kind = Kind.ofObject(
  Collection.of<string>(
    headerNames.map((name) => [name, Kind.bytes] as const),
    Kind.bytes,
  ),
);

export const parseCef: FunctionDefinition = {
  name: "parse_cef",
  category: "Parse",
  usage:
    "Parses `value` as an event in the Common Event Format (CEF). What stands before `CEF:` is passed over, quotes around a value are removed, and what has no value is an empty string.",
  parameters: [
    { name: "value", kind: Part.bytes, description: "The event." },
    {
      name: "translate_custom_fields",
      kind: Part.boolean,
      isOptional: true,
      default: false,
      description:
        "Whether a custom field, which comes as a label and a value, becomes one field named by its label.",
    },
    {
      name: "strict",
      kind: Part.boolean,
      isOptional: true,
      default: true,
      description:
        "Whether it fails where an `=` in a value has no backslash. If not, it makes of the event what it can.",
    },
  ],
  failures: ["`value` is not a properly formatted CEF string."],
  returns: Part.object,
  notices: ["Nothing is converted: all values are strings."],
  isFresh: true,
  typeOf: () => TypeDef.of(kind).fallible,
  prepare:
    () =>
    (value: Text, translate = false, isStrict = true): Value | Failure =>
      parse(lossyText(value), translate, isStrict),
};

function parse(text: string, translate: boolean, isStrict: boolean): Value | Failure {
  const event = readEvent(text, isStrict);
  if (typeof event === "string") return new Failure(event);
  const object: VrlObject = {};
  const custom = translate ? new CustomFields() : undefined;
  for (const [key, value] of event.extension) {
    const taken = custom?.take(key, unquoted(value));
    if (taken instanceof Failure) return taken;
    if (taken !== true) setKey(object, key, unquoted(value));
  }
  for (const [index, name] of headerNames.entries()) object[name] = unquoted(event.header[index]!);
  return custom?.putInto(object) ?? object;
}

function unquoted(value: string): string {
  return value.length > 1 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value;
}

export const examples: readonly Example[] = [
  {
    title: "An event after a syslog header",
    source:
      'parse_cef!("Jul  4 10:00:00 fw1 CEF:0|Acme|Wall|3.1|404|Port scan|7|src=10.2.0.1 dst=10.2.0.9 msg=17 ports in 2 s")',
    result:
      '{"cefVersion": "0", "deviceEventClassId": "404", "deviceProduct": "Wall", "deviceVendor": "Acme", "deviceVersion": "3.1", "dst": "10.2.0.9", "msg": "17 ports in 2 s", "name": "Port scan", "severity": "7", "src": "10.2.0.1"}',
  },
  {
    title: "Custom fields by their labels",
    source:
      'parse_cef!("CEF:0|Acme|Wall|3.1|1|Denied|5|cn1Label=Rule number cn1=42 act=drop", translate_custom_fields: true)',
    result:
      '{"Rule number": "42", "act": "drop", "cefVersion": "0", "deviceEventClassId": "1", "deviceProduct": "Wall", "deviceVendor": "Acme", "deviceVersion": "3.1", "name": "Denied", "severity": "5"}',
  },
  {
    title: "Equals signs without a backslash",
    source: 'parse_cef!("CEF:0|a|b|1|2|c|3|request=https://x.example/?q=1&r=2 act=ok", strict: false)',
    result:
      '{"act": "ok", "cefVersion": "0", "deviceEventClassId": "2", "deviceProduct": "b", "deviceVendor": "a", "deviceVersion": "1", "name": "c", "request": "https://x.example/?q=1&r=2", "severity": "3"}',
  },
];

const plain =
  '"cefVersion": "0", "deviceEventClassId": "2", "deviceProduct": "b", "deviceVendor": "a", "deviceVersion": "1"';

export const tests: readonly Example[] = [
  {
    title: "A header alone",
    source: 'parse_cef!("CEF:0|a|b|1|2|c|3|")',
    result: `{${plain}, "name": "c", "severity": "3"}`,
  },
  {
    title: "Empty fields and values",
    source: 'parse_cef!("CEF:0|a|b|1|2|||x= y=")',
    result: `{${plain}, "name": "", "severity": "", "x": "", "y": ""}`,
  },
  {
    title: "Escapes",
    source: String.raw`parse_cef!(s'CEF:0|a|b|1|2|c \\ \| d|3|x=1 \= \\ \n2\r\t y=C:\\d')`,
    result: String.raw`{${plain}, "name": "c \\ | d", "severity": "3", "x": "1 = \\ \n2\n\\t", "y": "C:\\d"}`,
  },
  {
    title: "White space before keys and at the end, quotes around a value",
    source: `parse_cef!(s'CEF:0|a|b|1|2| c |3|  x="1 2"   y=3  ')`,
    result: `{${plain}, "name": "c", "severity": "3", "x": "1 2", "y": "3"}`,
  },
  {
    title: "The last of a key counts, a header counts more",
    source: 'parse_cef!("CEF:0|a|b|1|2|c|3|x=1 x=2 name=z __proto__=p")',
    result: `{"__proto__": "p", ${plain}, "name": "c", "severity": "3", "x": "2"}`,
  },
  {
    title: "A label without a value",
    source: 'parse_cef!("CEF:0|a|b|1|2|c|3|cs1Label=name", translate_custom_fields: true)',
    result: `{${plain}, "name": null, "severity": "3"}`,
  },
  {
    title: "A value without a label",
    source: 'parse_cef!("CEF:0|a|b|1|2|c|3|cs1=x", translate_custom_fields: true)',
    error: 'function call error for "parse_cef" at (0:68): Custom field with missing label or value',
  },
  {
    title: "Two labels",
    source: 'parse_cef!("CEF:0|a|b|1|2|c|3|cs1Label=x cs1Label=y", translate_custom_fields: true)',
    error: 'function call error for "parse_cef" at (0:84): Custom field with duplicate label',
  },
  {
    title: "An equals sign without a backslash",
    source: 'parse_cef!("CEF:0|a|b|1|2|c|3|x=1=2")',
    error: 'function call error for "parse_cef" at (0:37): Could not parse whole line successfully',
  },
  {
    title: "No key",
    source: 'parse_cef!("CEF:0|a|b|1|2|c|3|x")',
    error: String.raw`function call error for "parse_cef" at (0:33): Could not parse whole line successfully`,
  },
  {
    title: "No event",
    source: 'parse_cef!("x")',
    error: 'function call error for "parse_cef" at (0:15): 0: at line 1, in TakeUntil:\nx\n^\n\n',
  },
];
