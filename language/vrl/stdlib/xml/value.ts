/** What a tree of XML is as a value. */
import { floatOf } from "../../runtime/float.ts";
import { parseInteger } from "../../runtime/integer.ts";
import { getKey, setKey } from "../../runtime/object.ts";
import type { Value, VrlObject } from "../../runtime/value.ts";
import { floatOfText } from "../number/float-text.ts";
import type { XmlElement, XmlNode } from "./document.ts";

export interface XmlOptions {
  readonly hasAttributes: boolean;
  /** Comes before attributes' names. */
  readonly attributePrefix: string;
  /** The key of text beside elements or attributes. */
  readonly textKey: string;
  readonly alwaysUsesTextKey: boolean;
  readonly readsBooleans: boolean;
  readonly readsNulls: boolean;
  readonly readsNumbers: boolean;
}

export function xmlValue(nodes: readonly XmlNode[], options: XmlOptions): VrlObject {
  return objectOf(nodes, [], options);
}

function objectOf(
  nodes: readonly XmlNode[],
  attributes: XmlElement["attributes"],
  options: XmlOptions,
): VrlObject {
  const object: VrlObject = {};
  if (options.hasAttributes) {
    for (const [name, value] of attributes) setKey(object, options.attributePrefix + name, value);
  }
  for (const node of nodes) {
    if (node === null) continue;
    const key = typeof node === "string" ? options.textKey : node.name;
    const value = nodeValue(node, options);
    const existing = getKey(object, key);
    if (existing === undefined) setKey(object, key, value);
    else if (Array.isArray(existing)) existing.push(value);
    else setKey(object, key, [existing, value]);
  }
  return object;
}

function nodeValue(node: XmlElement | string, options: XmlOptions): Value {
  if (typeof node === "string") return textValue(node, options);
  const { attributes, children } = node;
  const isPlain = attributes.length === 0 ? !options.alwaysUsesTextKey : !options.hasAttributes;
  const only = children.length === 1 ? children[0] : undefined;
  if (isPlain && typeof only === "string") return textValue(only, options);
  return objectOf(children, attributes, options);
}

function textValue(text: string, options: XmlOptions): Value {
  if ((text === "" || text === "null") && options.readsNulls) return null;
  if ((text === "true" || text === "false") && options.readsBooleans) return text === "true";
  if (!options.readsNumbers) return text;
  const integer = parseInteger(text);
  if (integer !== undefined) return integer;
  const number = floatOfText(text);
  if (number === undefined) return text;
  return floatOf(Number.isNaN(number) ? 0 : number);
}
