import { Collection, Kind, Part } from "../checker/kind.ts";
import { TypeDef } from "../checker/type-def.ts";
import { Failure } from "../runtime/failure.ts";
import { lossyText, type Text } from "../runtime/text.ts";
import type { VrlObject } from "../runtime/value.ts";
import type { Example, FunctionDefinition } from "./define.ts";
import { parseXmlDocument } from "./xml/document.ts";
import { xmlValue } from "./xml/value.ts";

export const parseXml: FunctionDefinition = {
  name: "parse_xml",
  category: "Parse",
  usage: "Reads `value` as an XML document.",
  parameters: [
    { name: "value", kind: Part.bytes, description: "The XML document." },
    {
      name: "trim",
      kind: Part.boolean,
      isOptional: true,
      default: true,
      description: "Whether space between tags is left out.",
    },
    {
      name: "include_attr",
      kind: Part.boolean,
      isOptional: true,
      default: true,
      description: "Whether attributes are read, too.",
    },
    {
      name: "attr_prefix",
      kind: Part.bytes,
      isOptional: true,
      default: "@",
      description: "What comes before the names of attributes.",
    },
    {
      name: "text_key",
      kind: Part.bytes,
      isOptional: true,
      default: "text",
      description: "The key of an element's text where there is something else in it, too.",
    },
    {
      name: "always_use_text_key",
      kind: Part.boolean,
      isOptional: true,
      default: false,
      description: "Whether an element's text is always under `text_key`.",
    },
    {
      name: "parse_bool",
      kind: Part.boolean,
      isOptional: true,
      default: true,
      description: "Whether `true` and `false` are booleans.",
    },
    {
      name: "parse_null",
      kind: Part.boolean,
      isOptional: true,
      default: true,
      description: "Whether `null` is null.",
    },
    {
      name: "parse_number",
      kind: Part.boolean,
      isOptional: true,
      default: true,
      description: "Whether numbers are integers and floats.",
    },
  ],
  failures: ["`value` is no XML document."],
  returns: Part.object,
  notices: [
    "A document has one element at its root, so this always yields an object. Document types are refused.",
  ],
  isFresh: true,
  typeOf: () => {
    const parts = Kind.ofObject(Collection.ofUnknown(Kind.anyObject()));
    return TypeDef.of(Kind.bytes.or(parts)).fallible;
  },
  prepare: () => run,
};

function run(
  value: Text,
  isTrimmed: boolean,
  hasAttributes: boolean,
  attributePrefix: Text,
  textKey: Text,
  alwaysUsesTextKey: boolean,
  readsBooleans: boolean,
  readsNulls: boolean,
  readsNumbers: boolean,
): VrlObject | Failure {
  const text = lossyText(value);
  const nodes = parseXmlDocument(isTrimmed ? text.replace(/>\p{White_Space}+</gu, "><") : text);
  if (typeof nodes === "string") return new Failure(`unable to parse xml: ${nodes}`);
  return xmlValue(nodes, {
    hasAttributes,
    attributePrefix: lossyText(attributePrefix),
    textKey: lossyText(textKey),
    alwaysUsesTextKey,
    readsBooleans,
    readsNulls,
    readsNumbers,
  });
}

export const examples: readonly Example[] = [
  {
    title: "Read a document",
    source: `parse_xml!(s'<order id="7"><item>pen</item><item>ink</item><paid>true</paid></order>')`,
    result: '{"order": {"@id": "7", "item": ["pen", "ink"], "paid": true}}',
  },
  {
    title: "Text beside attributes",
    source: `parse_xml!(s'<price unit="EUR">1.50</price>', text_key: "value")`,
    result: '{"price": {"@unit": "EUR", "value": 1.5}}',
  },
];

export const tests: readonly Example[] = [
  {
    title: "Empty elements",
    source: "parse_xml!(s'<a><b/><c></c></a>')",
    result: '{"a": {"b": {}, "c": {}}}',
  },
  {
    title: "Space between tags",
    source: String.raw`parse_xml!("<a>\n  <b>1</b>\n</a>")`,
    result: '{"a": {"b": 1}}',
  },
  {
    title: "Space that is kept",
    source: String.raw`parse_xml!("<a> <b>1</b></a>", trim: false)`,
    result: '{"a": {"b": 1, "text": " "}}',
  },
  {
    title: "No attributes",
    source: `parse_xml!(s'<a b="1">c</a>', include_attr: false)`,
    result: '{"a": "c"}',
  },
  {
    title: "Another prefix",
    source: `parse_xml!(s'<a b="1"/>', attr_prefix: "_")`,
    result: '{"a": {"_b": "1"}}',
  },
  {
    title: "Text always under its key",
    source: "parse_xml!(s'<a>c</a>', always_use_text_key: true)",
    result: '{"a": {"text": "c"}}',
  },
  {
    title: "Nothing but strings",
    source:
      "parse_xml!(s'<a><b>1</b><c>true</c><d>null</d></a>', parse_bool: false, parse_null: false, parse_number: false)",
    result: '{"a": {"b": "1", "c": "true", "d": "null"}}',
  },
  { title: "References", source: "parse_xml!(s'<a>&lt;&#65;&#x42;&amp;</a>')", result: '{"a": "<AB&"}' },
  {
    title: "Sections as they are",
    source: "parse_xml!(s'<a>x<![CDATA[<y>&]]></a>')",
    result: '{"a": "x<y>&"}',
  },
  {
    title: "Namespaces",
    source: `parse_xml!(s'<n:a xmlns:n="urn:x" n:b="1"/>')`,
    result: '{"a": {"@b": "1"}}',
  },
  {
    title: "Declaration and comments",
    source: `parse_xml!(s'<?xml version="1.0"?><!-- c --><a><!-- c --><b>1</b></a><!-- c -->')`,
    result: '{"a": {"b": 1}}',
  },
  {
    title: "Numbers",
    source: "parse_xml!(s'<a><b>-1</b><b>+1.0</b><b>1e3</b><b>1x</b></a>')",
    result: '{"a": {"b": [-1, 1.0, 1000.0, "1x"]}}',
  },
  {
    title: "A document type",
    source: `parse_xml!(s'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>')`,
    error: 'function call error for "parse_xml" at (0:55): unable to parse xml: XML with DTD detected',
  },
  {
    title: "Another closing tag",
    source: "parse_xml!(s'<a><b></a></b>')",
    error: `function call error for "parse_xml" at (0:29): unable to parse xml: expected 'b' tag, not 'a' at 1:7`,
  },
  {
    title: "No closing tag",
    source: "parse_xml!(s'<a><b/>')",
    error:
      'function call error for "parse_xml" at (0:22): unable to parse xml: the root node was opened but never closed',
  },
  {
    title: "No root",
    source: 'parse_xml!("")',
    error:
      'function call error for "parse_xml" at (0:14): unable to parse xml: the document does not have a root node',
  },
  {
    title: "No XML",
    source: 'parse_xml!("text")',
    error: 'function call error for "parse_xml" at (0:18): unable to parse xml: unknown token at 1:1',
  },
  {
    title: "No quotes",
    source: "parse_xml!(s'<a b=1/>')",
    error:
      "function call error for \"parse_xml\" at (0:23): unable to parse xml: expected a quote not '1' at 1:6",
  },
  {
    title: "An unknown reference",
    source: "parse_xml!(s'<a>&x;</a>')",
    error:
      "function call error for \"parse_xml\" at (0:25): unable to parse xml: unknown entity reference 'x' at 1:4",
  },
];
