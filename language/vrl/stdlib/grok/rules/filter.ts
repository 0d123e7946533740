/** What is made of the text that a matcher has matched. */
import { Failure } from "../../../runtime/failure.ts";
import { numberOfFloat } from "../../../runtime/float.ts";
import { integerOfNumber, integerToNumber, parseInteger } from "../../../runtime/integer.ts";
import { isFloat, isInteger } from "../../../runtime/kind-of.ts";
import { setKey } from "../../../runtime/object.ts";
import type { Value, VrlObject } from "../../../runtime/value.ts";
import { percentDecoded } from "../../encoding/percent.ts";
import { parseJsonText } from "../../json/parse.ts";
import { parseHash } from "../../ruby/hash.ts";
import { parseXmlDocument } from "../../xml/document.ts";
import { xmlValue } from "../../xml/value.ts";
import { floatOfText, numberOfText } from "../../number/float-text.ts";
import { queryPairs } from "../../url/query.ts";
import { arrayFilter } from "./array-filter.ts";
import { keyValueFilter } from "./key-value-filter.ts";
import { numberOf } from "./number.ts";
import { type Call, textOfArgument } from "./parse-reference.ts";

/** Undefined: it cannot be done with this value, which is then no part of the result. Null is none, either. */
export type Filter = (value: Value) => Value | undefined;

/** Why a rule cannot be compiled. */
export class RuleProblem extends Error {
  override readonly name = "RuleProblem";
}

export function invalidArguments(name: string): RuleProblem {
  return new RuleProblem(`invalid arguments for the function '${name}'`);
}

/** Throws `RuleProblem`. */
export function filterOf(call: Call): Filter {
  const simple = Object.hasOwn(simpleFilters, call.name) ? simpleFilters[call.name] : undefined;
  if (simple !== undefined) return simple;
  const given = call.arguments ?? [];
  switch (call.name) {
    case "scale":
      return scaleFilter(call);
    case "nullIf": {
      const text = textOfArgument(given[0]);
      if (text === undefined) throw invalidArguments(call.name);
      return ofText((value) => (value === text ? null : value));
    }
    case "array": {
      const filter = arrayFilter(given, filterOf);
      if (filter === undefined) throw invalidArguments(call.name);
      return ofText(filter);
    }
    case "keyvalue": {
      const filter = keyValueFilter(given);
      if (filter === undefined) throw invalidArguments(call.name);
      return ofText(filter);
    }
    default:
      throw new RuleProblem(`unknown filter '${call.name}'`);
  }
}

/** Nothing else than text can be filtered. */
function ofText(filter: (text: string) => Value | undefined): Filter {
  return (value) => (typeof value === "string" ? filter(value) : undefined);
}

export const integerFilter: Filter = ofText(parseInteger);
export const integerExtFilter: Filter = ofText((text) => {
  const float = floatOfText(text);
  return float === undefined ? undefined : integerOfNumber(Number.isNaN(float) ? 0 : float);
});
export const numberFilter: Filter = ofText((text) => {
  const float = floatOfText(text);
  return float === undefined ? undefined : numberOf(Number.isNaN(float) ? 0 : float);
});

const simpleFilters: Readonly<Record<string, Filter>> = {
  integer: integerFilter,
  integerExt: integerExtFilter,
  number: numberFilter,
  numberExt: numberFilter,
  lowercase: ofText((text) => text.toLowerCase()),
  uppercase: ofText((text) => text.toUpperCase()),
  boolean: ofText((text) => /^true$/i.test(text)),
  json: ofText((text) => succeeded(parseJsonText(text))),
  querystring: ofText(queryObject),
  decodeuricomponent: ofText((text) => percentDecoded(text)),
  rubyhash: ofText((text) => succeeded(parseHash(text))),
  xml: ofText(xmlObject),
};

function succeeded(value: Value | Failure): Value | undefined {
  return value instanceof Failure ? undefined : value;
}

function scaleFilter(call: Call): Filter {
  const [factor] = call.arguments ?? [];
  if (factor === undefined || !("value" in factor)) throw invalidArguments(call.name);
  const { value: given } = factor;
  if (!isInteger(given) && !isFloat(given)) throw invalidArguments(call.name);
  const by = (numeric(given)! * 1000) / 1000;
  return (value) => {
    const number = typeof value === "string" ? numberOfText(value) : numeric(value);
    // Infinity times nothing is no number.
    if (number === undefined || Number.isNaN(number * by)) return undefined;
    return numberOf(number * by);
  };
}

function numeric(value: Value): number | undefined {
  if (isInteger(value)) return integerToNumber(value);
  return isFloat(value) ? numberOfFloat(value) : undefined;
}

/** As `parse_xml` does it, but for the names of attributes and text, and nothing is converted. */
function xmlObject(text: string): VrlObject | undefined {
  const nodes = parseXmlDocument(text.replace(/>\p{White_Space}+</gu, "><"));
  if (typeof nodes === "string") return undefined;
  return xmlValue(nodes, {
    hasAttributes: true,
    attributePrefix: "",
    textKey: "value",
    alwaysUsesTextKey: false,
    readsBooleans: false,
    readsNulls: false,
    readsNumbers: false,
  });
}

/** Keys without a value are left out. */
function queryObject(text: string): VrlObject {
  const object: VrlObject = {};
  for (const [key, value] of queryPairs(text)) {
    if (value === "") continue;
    const existing = Object.hasOwn(object, key) ? object[key] : undefined;
    if (existing === undefined) setKey(object, key, value);
    else if (Array.isArray(existing)) existing.push(value);
    else setKey(object, key, [existing, value]);
  }
  return object;
}
